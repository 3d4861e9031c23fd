export function whyStale(root: string): string | null
export function stampInstalled(root: string): void
export function installLocked(
  root: string,
  say: (line: string) => void,
  pausesMs?: readonly number[],
): Promise<void>
