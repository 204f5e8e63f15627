/** `14:02 UTC`, with the day where it is another one than that of `beside`. Both are times of the database, or epoch milliseconds. */
export function clock(time: string | number, beside: string | number = time): string {
  const [day, hour] = [dayOf(time), new Date(time).toISOString().slice(11, 16)];
  return `${day === dayOf(beside) ? '' : `${day} `}${hour} UTC`;
}

const dayOf = (time: string | number): string => new Date(time).toISOString().slice(0, 10);
