export function getTemporalCli(
  env: Record<string, string | undefined>,
  say: (line: string) => void,
  pausesMs?: readonly number[],
): Promise<{ path: string | null; tried: string[] }>
