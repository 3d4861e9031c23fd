import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from './icons.js'

const SHOWN_MS = 1600

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Over plain HTTP from another machine, pages have no clipboard API; the old way still works.
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}

/** Copies, and confirms it for a moment, visibly and to screen readers. @param what is copied: `hotkey` */
export function CopyButton({
  text,
  what,
  label,
}: {
  text: string
  what: string
  label?: string
}): JSX.Element {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [state])
  const said = state === 'copied' ? 'Copied' : 'Copying was refused'
  return (
    <button
      type="button"
      class={label === undefined ? 'copy' : 'button small'}
      title={`Copy the ${what}`}
      aria-label={label === undefined ? `Copy the ${what}` : undefined}
      onClick={async () => setState((await copy(text)) ? 'copied' : 'refused')}
    >
      <Icon name={state === 'copied' ? 'check' : 'copy'} />
      {label === undefined ? null : state === 'idle' ? label : said}
      <span class="hidden-but-read" role="status">
        {state === 'idle' ? '' : said}
      </span>
    </button>
  )
}
