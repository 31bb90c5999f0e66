// Dates and numbers the way the player's system writes them.

const MINUS = "−";

const number = new Intl.NumberFormat();
const weekdayDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const weekdayDayYear = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const longDate = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const hourMinute = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** Which plural of a language a count takes. */
export function plurals(locale: string): (count: number) => Intl.LDMLPluralRule {
  const rules = new Intl.PluralRules(locale);
  return (count) => rules.select(count);
}

export function formatNumber(value: number): string {
  return number.format(value).replace("-", MINUS);
}

/** `+3`, `−1`, `+0`: a bonus or a difference. */
export function formatSigned(value: number): string {
  return value < 0 ? `${MINUS}${number.format(-value)}` : `+${number.format(value)}`;
}

export function formatTime(at: string): string {
  return hourMinute.format(new Date(at));
}

/** `26 Jul`, with the year where it is not this one. */
export function formatShortDate(at: string, now = new Date()): string {
  const date = new Date(at);
  return (date.getFullYear() === now.getFullYear() ? dayMonth : dayMonthYear).format(date);
}

/** `26 July 2026`. */
export function formatDate(at: string): string {
  return longDate.format(new Date(at));
}

/** `Saturday 26 July`, with the year where it is not this one. */
export function formatDay(at: string, now = new Date()): string {
  const date = new Date(at);
  return (date.getFullYear() === now.getFullYear() ? weekdayDay : weekdayDayYear).format(date);
}

/** `Saturday 26 July 2026, 21:00`. */
export function formatMoment(at: string): string {
  const date = new Date(at);
  return `${weekdayDayYear.format(date)}, ${hourMinute.format(date)}`;
}

/** `26 July 2026, 21:00`. */
export function formatShortMoment(at: string): string {
  return `${formatDate(at)}, ${formatTime(at)}`;
}

/** `6–16 Jul`, or one date where both are the same day. */
export function formatDateRange(from: string, to: string, now = new Date()): string {
  const [a, b] = [new Date(from), new Date(to)];
  const withYear = a.getFullYear() !== now.getFullYear() || b.getFullYear() !== now.getFullYear();
  return (withYear ? dayMonthYear : dayMonth).formatRange(a, b).replace(/\s*–\s*(?=\d+\s)/u, "–");
}

/** `10:15–11:07`. */
export function formatTimeRange(from: string, to: string): string {
  return hourMinute.formatRange(new Date(from), new Date(to)).replace(/\s*–\s*(?=\d+)/u, "–");
}

/** The day a moment falls on here, to group by. */
export function localDay(at: string): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${formatNumber(bytes)} B`;
  if (bytes < 1_000_000) return `${formatNumber(Math.round(bytes / 1000))} kB`;
  return `${formatNumber(Math.round(bytes / 100_000) / 10)} MB`;
}
