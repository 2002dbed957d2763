// Deadlines and timers as people choose them, and as the diagram writes them.
import { choice, number, text } from './fields.js';

const DUE = /^(?:(\d{1,3})wd|campaign:(\w+)|variable:(\w+))(?: cap campaign:(\w+))?(?: else (\d{1,3})wd)?$/;

export function readDue(written) {
  const found = DUE.exec(written || '');
  if (!found) return { kind: written ? 'other' : '', days: 3, date: 'survey', variable: 'plan_due_on', cap: '', otherwise: '' };
  const [, days, date, variable, cap, otherwise] = found;
  return {
    kind: days ? 'days' : date ? 'date' : 'variable',
    days: Number(days || 3),
    date: date || 'survey',
    variable: variable || 'plan_due_on',
    cap: cap || '',
    otherwise: otherwise || '',
  };
}

export function writeDue(due) {
  if (!due.kind || due.kind === 'other') return undefined;
  const main = { days: `${due.days}wd`, date: `campaign:${due.date}`, variable: `variable:${due.variable}` }[due.kind];
  return main + (due.cap ? ` cap campaign:${due.cap}` : '') + (due.otherwise ? ` else ${due.otherwise}wd` : '');
}

export function dueText(written, dates) {
  const due = readDue(written);
  const label = (name) => (dates.find((each) => each.value === name) || { label: name }).label;
  if (!due.kind) return '不限';
  if (due.kind === 'other') return written;
  const main = { days: `${due.days} 个工作日`, date: `“${label(due.date)}”日期`, variable: '项目里的日期' }[due.kind];
  return main + (due.cap ? `，不晚于“${label(due.cap)}”` : '') + (due.otherwise ? `，已过的 ${due.otherwise} 个工作日` : '');
}

// `set` gets the new text; `again` draws the panel anew, for what is asked depends on the kind
export function dueFields(written, { dates, variables }, set, again) {
  const due = readDue(written);
  const write = (more) => { set(writeDue({ ...due, ...more })); again(); };
  const kinds = [
    { value: '', label: '不限' },
    { value: 'days', label: '几个工作日' },
    { value: 'date', label: '批次的一个日期' },
    { value: 'variable', label: '项目里填的一个日期' },
  ];
  const fields = [choice('办理期限', due.kind === 'other' ? [...kinds, { value: 'other', label: written }] : kinds, due.kind, (kind) => write({ kind }))];
  if (due.kind === 'days') fields.push(number('工作日', due.days, (days) => write({ days: days || 1 })));
  if (due.kind === 'date') fields.push(choice('批次日期', dates, due.date, (date) => write({ date })));
  if (due.kind === 'variable') fields.push(choice('日期', variables.filter((each) => each.value.endsWith('_on')), due.variable, (variable) => write({ variable })));
  if (due.kind && due.kind !== 'other') {
    fields.push(choice('最晚不超过', [{ value: '', label: '（不设）' }, ...dates], due.cap, (cap) => write({ cap })));
  }
  if (due.kind === 'date' || due.kind === 'variable') {
    fields.push(number('日期已过的，给几个工作日', due.otherwise, (otherwise) => write({ otherwise })));
  }
  return fields;
}

const TIMERS = [
  [/^publicity_end\((\d+)\)$/, 'publicity'],
  [/^working_days_end\((\d+)\)$/, 'working'],
  [/^campaign_end\('(\w+)'\)$/, 'campaign'],
];

export function readTimer(written, isDuration) {
  for (const [pattern, kind] of TIMERS) {
    const found = pattern.exec(written || '');
    if (found && !isDuration) return { kind, value: found[1] };
  }
  const days = isDuration && /^P(\d+)D$/.exec(written || '');
  if (days) return { kind: 'duration', value: days[1] };
  return { kind: written ? 'other' : '', value: written || '' };
}

export function timerFields(written, isDuration, { dates }, set, again) {
  const timer = readTimer(written, isDuration);
  const write = (kind, value) => {
    const texts = { publicity: `publicity_end(${value})`, working: `working_days_end(${value})`, campaign: `campaign_end('${value}')`, duration: `P${value}D`, other: value };
    set(kind ? texts[kind] : '', kind === 'duration');
    again();
  };
  const first = { publicity: 5, working: 3, campaign: 'disposal', duration: 1, other: 'working_days_end(3)' };
  const fields = [choice('等到', [
    { value: '', label: '（请选择）' },
    { value: 'publicity', label: '公告期满' },
    { value: 'working', label: '到达后几个工作日' },
    { value: 'campaign', label: '批次的一个日期' },
    { value: 'duration', label: '到达后几天（日历天）' },
    { value: 'other', label: '其他（自己写）' },
  ], timer.kind, (kind) => write(kind, first[kind] ?? ''))];
  if (timer.kind === 'publicity') fields.push(number('公告几个工作日', timer.value, (days) => write('publicity', days || 5), { least: 5, most: 60, hint: '不少于 5 个工作日（第十四条）' }));
  if (timer.kind === 'working') fields.push(number('工作日', timer.value, (days) => write('working', days || 1)));
  if (timer.kind === 'duration') fields.push(number('天', timer.value, (days) => write('duration', days || 1)));
  if (timer.kind === 'campaign') fields.push(choice('批次日期', dates, timer.value, (date) => write('campaign', date)));
  if (timer.kind === 'other') fields.push(text('时间', timer.value, (value) => write('other', value)));
  return fields;
}
