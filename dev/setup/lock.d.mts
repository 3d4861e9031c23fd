export function withSetupLock(
  path: string,
  onWait: () => void,
  work: () => Promise<void>,
): Promise<void>
