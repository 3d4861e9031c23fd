/** A line for the person at the terminal; logs go elsewhere. */
export const printLine = (line = ''): void => {
  process.stdout.write(`${line}\n`)
}
