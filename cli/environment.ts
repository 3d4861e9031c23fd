type Environment = Readonly<Record<string, string | undefined>>

/** The environment over a command's own defaults; an empty variable counts as not set. */
export function environmentOver(
  defaults: Environment,
  env: Environment = process.env,
): Record<string, string | undefined> {
  const set = Object.entries(env).filter(([, value]) => value !== '')
  return { ...defaults, ...Object.fromEntries(set) }
}
