// Dates and numbers the way the player's system writes them.

const MINUS = "−";

/** Everything that writes dates and numbers, for one locale. */
function formatsFor(locale: string | undefined) {
  const date = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  return {
    number: new Intl.NumberFormat(locale),
    weekdayDay: date({ weekday: "long", day: "numeric", month: "long" }),
    weekdayDayYear: date({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    dayMonth: date({ day: "numeric", month: "short" }),
    dayMonthYear: date({ day: "numeric", month: "short", year: "numeric" }),
    longDate: date({ day: "numeric", month: "long", year: "numeric" }),
    hourMinute: date({ hour: "2-digit", minute: "2-digit" }),
    clock: date({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  };
}

let formats = formatsFor(undefined);

/** Writes dates and numbers the way of this locale from now on. */
export function formatAs(locale: string | undefined): void {
  formats = formatsFor(locale);
}

/** Which plural of a language a count takes. */
export function plurals(locale: string): (count: number) => Intl.LDMLPluralRule {
  const rules = new Intl.PluralRules(locale);
  return (count) => rules.select(count);
}

export function formatNumber(value: number): string {
  return formats.number.format(value).replace("-", MINUS);
}

/** `+3`, `−1`, `+0`: a bonus or a difference. */
export function formatSigned(value: number): string {
  return value < 0 ? `${MINUS}${formats.number.format(-value)}` : `+${formats.number.format(value)}`;
}

export function formatTime(at: string): string {
  return formats.hourMinute.format(new Date(at));
}

/** `21:00:05`. */
export function formatClock(at: string): string {
  return formats.clock.format(new Date(at));
}

/** `26 Jul`, with the year where it is not this one. */
export function formatShortDate(at: string, now = new Date()): string {
  const date = new Date(at);
  return (date.getFullYear() === now.getFullYear() ? formats.dayMonth : formats.dayMonthYear).format(date);
}

/** `26 July 2026`. */
export function formatDate(at: string): string {
  return formats.longDate.format(new Date(at));
}

/** `Saturday 26 July`, with the year where it is not this one. */
export function formatDay(at: string, now = new Date()): string {
  const date = new Date(at);
  return (date.getFullYear() === now.getFullYear() ? formats.weekdayDay : formats.weekdayDayYear).format(
    date,
  );
}

/** `Saturday 26 July 2026, 21:00`. */
export function formatMoment(at: string): string {
  const date = new Date(at);
  return `${formats.weekdayDayYear.format(date)}, ${formats.hourMinute.format(date)}`;
}

/** `26 July 2026, 21:00`. */
export function formatShortMoment(at: string): string {
  return `${formatDate(at)}, ${formatTime(at)}`;
}

/** `6–16 Jul`, or one date where both are the same day. */
export function formatDateRange(from: string, to: string, now = new Date()): string {
  const [a, b] = [new Date(from), new Date(to)];
  const withYear = a.getFullYear() !== now.getFullYear() || b.getFullYear() !== now.getFullYear();
  return (withYear ? formats.dayMonthYear : formats.dayMonth)
    .formatRange(a, b)
    .replace(/\s*–\s*(?=\d+\s)/u, "–");
}

/** `10:15–11:07`. */
export function formatTimeRange(from: string, to: string): string {
  return formats.hourMinute.formatRange(new Date(from), new Date(to)).replace(/\s*–\s*(?=\d+)/u, "–");
}

/** The day a moment falls on here, to group by. */
export function localDay(at: string): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${formatNumber(bytes)} B`;
  if (bytes < 1_000_000) return `${formatNumber(Math.round(bytes / 1000))} kB`;
  if (bytes < 1_000_000_000) return `${formatNumber(Math.round(bytes / 100_000) / 10)} MB`;
  return `${formatNumber(Math.round(bytes / 100_000_000) / 10)} GB`;
}
