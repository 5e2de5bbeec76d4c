const THIN = '\u202f'

/** 1234567 as 1 234 567, with thin spaces. */
export function rows(count: number): string {
  return Math.round(count).toLocaleString('en').replaceAll(',', THIN)
}

/** A part of a whole: none, all, or a percentage that is never rounded to either. */
export function share(count: number, whole: number): string {
  if (count === 0) return 'no'
  if (count === whole) return 'all'
  const percent = (100 * count) / whole
  return `${percent < 0.1 ? '< 0.1' : percent > 99.9 ? '> 99.9' : percent.toFixed(1)}${THIN}%`
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000
    unit += 1
  }
  return `${unit === 0 ? count : count.toFixed(1)}${THIN}${units[unit]}`
}

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const minutes = Math.floor(whole / 60)
  return minutes >= 60
    ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`
    : `${minutes}:${String(whole % 60).padStart(2, '0')}`
}

/** Characters that cannot be seen, made visible. */
export function visible(text: string): string {
  return text.replaceAll('\t', '⇥').replaceAll('\r', '␍').replaceAll('\u00a0', '⍽').replaceAll('\u0000', '␀')
}

/** A text with the line ends of the one it came from: a browser hands out each of them as \n. */
export function withLineEnds(text: string, from: string, otherwise: string): string {
  const ends = from.match(/\r\n|\r|\n/g) ?? []
  let at = 0
  return text.replace(/\r\n|\r|\n/g, () => ends[at++] ?? ends.at(-1) ?? otherwise)
}
