// A chart of figures that stand as a table beside it: bars, stacked bars, lines or a ring, each part a link.
//
// <div data-island="chart" data-chart='{"kind": "stack" | "bars" | "lines" | "ring", "unit": "个", "names": ["桑柘镇"],
//  "series": [{"name": "巩固", "colour": "green", "values": [3], "urls": ["/…"]}]}'></div>
// Parts differ by pattern, not by colour alone; the description for those who hear the page is ECharts' own, in Chinese.
import { BarChart, LineChart, PieChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { FONT } from '../diagram-text.js';

echarts.use([BarChart, LineChart, PieChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

const COLOURS = {
  green: '#2e7d32', blue: '#0b5394', orange: '#d9730d', red: '#b71c1c', yellow: '#c9a400', gray: '#7b858f', teal: '#00796b', violet: '#6a3d9a',
};
const ON_DARK = { green: '#57b25d', blue: '#5aa0e0', orange: '#f09a3e', red: '#ff7a70', yellow: '#ffd54a', gray: '#9fb0c0', teal: '#3fc1ae', violet: '#b99ae0' };
const LIGHT = { ink: '#1f2933', line: '#dde3ea', ground: '#fff', colours: COLOURS };
const DARK = { ink: '#f4f8fc', line: '#2f5478', ground: '#0a2742', colours: ON_DARK };
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'pin'];
const DASHES = ['solid', 'dashed', 'dotted'];
const ROW = 30; // a bar and the space around it
const FRAME = 76; // legend and axis

function text(look, size) {
  return { color: look.ink, fontFamily: FONT, fontSize: size };
}

function tooltip(chart, look) {
  return {
    trigger: chart.kind === 'ring' ? 'item' : 'axis',
    axisPointer: { type: chart.kind === 'lines' ? 'line' : 'shadow' },
    valueFormatter: (value) => (value == null ? '—' : `${value.toLocaleString('zh-CN')} ${chart.unit}`),
    confine: true,
    backgroundColor: '#fff',
    borderColor: look.line,
    textStyle: { color: LIGHT.ink, fontFamily: FONT },
  };
}

function linked(each) {
  return each.values.map((value, index) => ({ value, url: each.urls ? each.urls[index] : '' }));
}

function bars(chart, look, size, below) {
  const names = { type: 'category', data: chart.names, inverse: true, axisTick: { show: false }, axisLabel: { ...text(look, size), interval: 0 } };
  const amounts = { type: 'value', minInterval: chart.unit === '个' ? 1 : 0, axisLabel: text(look, size), splitLine: { lineStyle: { color: look.line } } };
  return {
    grid: { left: 8, right: 24, top: 8, bottom: below, containLabel: true },
    xAxis: amounts,
    yAxis: names,
    series: chart.series.map((each) => ({
      type: 'bar', name: each.name, stack: chart.kind === 'stack' ? 'all' : undefined, barMaxWidth: 22,
      itemStyle: { color: look.colours[each.colour], borderColor: look.ground, borderWidth: 1 },
      label: { show: chart.series.length === 1, position: 'right', ...text(look, size) },
      data: linked(each),
    })),
  };
}

function lines(chart, look, size, below) {
  return {
    grid: { left: 8, right: 24, top: 16, bottom: below, containLabel: true },
    xAxis: { type: 'category', data: chart.names, boundaryGap: false, axisLabel: text(look, size) },
    yAxis: { type: 'value', min: 0, axisLabel: { ...text(look, size), formatter: `{value}${chart.unit}` }, splitLine: { lineStyle: { color: look.line } } },
    series: chart.series.map((each, index) => ({
      type: 'line', name: each.name, data: linked(each), symbol: SYMBOLS[index % SYMBOLS.length], symbolSize: 9,
      lineStyle: { width: 2.5, type: DASHES[index % DASHES.length] }, itemStyle: { color: look.colours[each.colour] },
    })),
  };
}

function ring(chart, look, size) {
  const [only] = chart.series;
  const parts = linked(only).map((part, index) => ({ ...part, name: chart.names[index], itemStyle: { color: look.colours[only.colours[index]] } }));
  return {
    series: [{
      type: 'pie', radius: ['42%', '68%'], center: ['50%', '46%'], data: parts, avoidLabelOverlap: true,
      itemStyle: { borderColor: look.ground, borderWidth: 2 },
      label: { ...text(look, size), formatter: '{d}%' },
    }],
  };
}

// how much room the legend takes under the picture: on a phone its entries stand in several rows
function legendHeight(chart, size, width) {
  if (chart.kind === 'ring' || chart.series.length < 2) return 8;
  const needed = chart.series.reduce((sum, { name }) => sum + 44 + size * name.length, 0);
  return 14 + (size + 13) * Math.ceil(needed / width);
}

// stacked parts: ECharts' own description reads its inner sums aloud, as NaN where there is none
function description(chart) {
  if (chart.kind !== 'stack') return undefined;
  const told = (each) => chart.names.map((name, index) => `${name} ${each.values[index]}`).join('，');
  return `${chart.series.map((each) => `${each.name}：${told(each)}`).join('；')}。单位：${chart.unit}`;
}

function optionOf(chart, look, size, width) {
  const drawn = chart.kind === 'ring' ? ring : chart.kind === 'lines' ? lines : bars;
  return {
    animation: false,
    aria: { enabled: true, decal: { show: true }, label: { description: description(chart) } },
    textStyle: { fontFamily: FONT },
    tooltip: tooltip(chart, look),
    legend: { show: chart.kind === 'ring' || chart.series.length > 1, bottom: 0, textStyle: text(look, size), itemWidth: 26, itemHeight: 14 },
    ...drawn(chart, look, size, legendHeight(chart, size, width)),
  };
}

export async function mount(host) {
  const chart = JSON.parse(host.dataset.chart);
  const size = Number(host.dataset.size) || 13;
  if (!host.style.height) host.style.height = `${chart.kind === 'lines' || chart.kind === 'ring' ? 300 : FRAME + chart.names.length * ROW}px`;
  host.setAttribute('role', 'img');
  const drawing = echarts.init(host, null, { renderer: 'svg', locale: 'ZH' });
  const draw = () => drawing.setOption(optionOf(chart, 'dark' in host.dataset ? DARK : LIGHT, size, host.clientWidth));
  draw();
  drawing.on('click', ({ data }) => { if (data.url) window.location.assign(data.url); });
  const follow = new ResizeObserver(() => {
    drawing.resize();
    draw();
  });
  follow.observe(host);
  // a page that refreshes itself takes the old picture away
  host.addEventListener('htmx:beforeCleanupElement', () => { follow.disconnect(); drawing.dispose(); });
}
