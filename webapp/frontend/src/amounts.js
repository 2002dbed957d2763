// Exact amounts of money in the browser: whole millionths, because a sum of binary fractions may be a fen off.
const SCALE = 6;

// 1,200,000.50 and its full-width spelling; null where it is no amount, 0n where nothing is written
export function parseAmount(text) {
  const plain = text
    .normalize('NFKC')
    .replace(/[,\s]/g, '');
  if (plain === '') return 0n;
  const parts = /^(-?)(\d+)(?:\.(\d{0,6}))?$/.exec(plain);
  if (!parts) return null;
  const value = BigInt(parts[2] + (parts[3] || '').padEnd(SCALE, '0'));
  return parts[1] ? -value : value;
}

export function formatAmount(value) {
  const digits = String(value < 0n ? -value : value).padStart(SCALE + 1, '0');
  const whole = digits.slice(0, -SCALE).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = digits.slice(-SCALE).replace(/0+$/, '');
  const shown = fraction.length === 1 ? `${fraction}0` : fraction;
  return (value < 0n ? '-' : '') + whole + (shown ? `.${shown}` : '');
}
