import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { DataConverter } from '@temporalio/common'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { isCompiled } from '../base/compiled.js'
import type { Log } from '../base/log.js'

type Converter = Pick<DataConverter, 'failureConverterPath'>

const WORKFLOWS = isCompiled
  ? new URL('../workflows/index.js', import.meta.url)
  : new URL('../workflows/index.ts', import.meta.url)

/** By the file that `npm run build` writes. */
const bundles = new Map<string, Promise<{ code: string }>>()

/**
 * The workflows as one script, which Temporal runs in a sandbox. In production, it was built by `npm run
 * build` and is only read; in development, it is built when a process first needs it, in about two seconds.
 */
export function workflowBundle(log: Log, converter: Converter = {}): Promise<{ code: string }> {
  const file = builtBundleFile(converter)
  const known = bundles.get(file)
  if (known !== undefined) return known
  const bundle = isCompiled
    ? readFile(file, 'utf8').then((code) => ({ code }))
    : bundleWorkflows(converter, (line, meta) => log.warn({ meta }, line))
  bundles.set(file, bundle)
  // Asked for again, it may be there.
  bundle.catch(() => bundles.delete(file))
  return bundle
}

/** The failure converter is part of the script, so there is one bundle with ours and one with Temporal's. */
export function builtBundleFile({ failureConverterPath }: Converter): string {
  const name = failureConverterPath === undefined ? 'bundle.js' : 'bundle-encoding-failures.js'
  return fileURLToPath(new URL(`../workflows/${name}`, import.meta.url))
}

export function bundleWorkflows(
  { failureConverterPath }: Converter,
  warn: (line: string, meta?: unknown) => void,
): Promise<{ code: string }> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(WORKFLOWS),
    logger: new DefaultLogger('WARN', ({ message, meta }) => warn(message, meta)),
    ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
  })
}
