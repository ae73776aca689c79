/* Times in the viewer's own language and zone. */

export function relative(at: string, now: number, locale?: string): string {
  const then = Date.parse(at);
  if (Number.isNaN(then)) return "";
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  const format = (value: number, unit: Intl.RelativeTimeFormatUnit) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "narrow" }).format(value);
  if (seconds < 45) return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(0, "second");
  if (seconds < 3600) return format(Math.max(1, Math.round(seconds / 60)), "minute");
  if (seconds < 86_400) return format(Math.max(1, Math.floor(seconds / 3600)), "hour");
  if (seconds < 7 * 86_400) return format(Math.floor(seconds / 86_400), "day");
  const date = new Date(then);
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(date);
}

/* The same inside a sentence: "5 min. ago", "yesterday" stays a day ago, an old date is a date. */
export function ago(at: string, now: number, locale?: string): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1000));
  if (Number.isNaN(seconds)) return "";
  const format = (value: number, unit: Intl.RelativeTimeFormatUnit) => new Intl.RelativeTimeFormat(locale, { style: "short" }).format(-value, unit);
  if (seconds < 45 || seconds >= 7 * 86_400) return relative(at, now, locale);
  if (seconds < 3600) return format(Math.max(1, Math.round(seconds / 60)), "minute");
  return seconds < 86_400 ? format(Math.floor(seconds / 3600), "hour") : format(Math.floor(seconds / 86_400), "day");
}

export function exact(at: string, locale?: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" }).format(date);
}

/* Times that the server wrote into a sentence (RFC 3339), as the reader writes them. */
export function withTimes(words: string, locale?: string): string {
  return words.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (at) => exact(at, locale));
}

export function clock(at: string, locale?: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(date);
}

/* A key that changes at midnight of the viewer's zone. */
export function dayKey(at: string): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

export function dayName(at: string, now: number, locale?: string): string {
  const date = new Date(at);
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(date.getTime())) / 86_400_000);
  if (days === 0 || days === 1) {
    const word = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(-days, "day");
    return word.charAt(0).toLocaleUpperCase(locale) + word.slice(1);
  }
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(locale, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(date);
}
