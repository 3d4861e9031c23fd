import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { CopyButton } from '../parts/copy.js'
import { Section } from '../parts/section.js'
import { codeSample, LANGUAGES, type Language } from './code-samples.js'
import type { VideoBody } from './request.js'

/** The form's request as a program. */
export function CodePanel({ body }: { body: VideoBody }): JSX.Element {
  const [language, setLanguage] = useState<Language>('curl')
  const code = codeSample(
    language,
    { ...body, prompt: body.prompt || 'What to show' },
    location.origin,
  )
  return (
    <Section
      title="This request as code"
      of="code"
      aside={<CopyButton text={code} what={`${language} code`} label="Copy" />}
    >
      <div class="stack tight">
        <fieldset class="chips bare">
          <legend class="hidden-but-read">Language</legend>
          {LANGUAGES.map((each) => (
            <button
              key={each}
              type="button"
              class="chip"
              aria-pressed={each === language}
              onClick={() => setLanguage(each)}
            >
              {each}
            </button>
          ))}
        </fieldset>
        <section aria-label={`${language} code`}>
          <pre>
            <code>{code}</code>
          </pre>
        </section>
      </div>
    </Section>
  )
}
