import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'
import type { Problem } from '../api.js'
import type { Model } from '../api-types.js'
import { Icon } from '../parts/icons.js'
import { Notice } from '../parts/notice.js'
import { EXAMPLES } from './examples.js'
import { FIELD_OF, type Wanted } from './request.js'
import { sizesOf } from './sizes.js'

const SEED_MAX = 4294967295

/** The props that connect a control to the form. */
interface TextInput {
  readonly value: string
  readonly 'aria-invalid': true | undefined
  readonly onInput: (event: { currentTarget: { value: string } }) => void
}

interface FormProps {
  readonly wanted: Wanted
  readonly change: (changes: Partial<Wanted>) => void
  /** Null until it is known: until then, placeholders are less specific. */
  readonly model: Model | null
  readonly problem: Problem | null
  readonly disabled: boolean
  readonly running: boolean
  /** Whether the last request returned a video that already existed. */
  readonly had: boolean
  readonly submit: () => void
}

export function RequestForm(props: FormProps): JSX.Element {
  const { wanted, change, model, problem, submit } = props
  const standard = model?.standard
  const limits: Partial<Model['limits']> = model?.limits ?? {}
  const wrong = problem?.param == null ? undefined : FIELD_OF[problem.param]
  const text = (name: keyof Wanted): TextInput => ({
    value: wanted[name],
    'aria-invalid': wrong === name ? true : undefined,
    onInput: (event: { currentTarget: { value: string } }) =>
      change({ [name]: event.currentTarget.value }),
  })
  const error = (name: keyof Wanted): string | null =>
    wrong === name ? `${problem!.message} ${problem!.hint ?? ''}` : null

  return (
    <form
      class="card request"
      aria-label="Request"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault()
          event.currentTarget.requestSubmit()
        }
      }}
    >
      <Field label="Prompt" error={error('prompt')}>
        {(id) => (
          <textarea id={id} required rows={3} placeholder="What to show" {...text('prompt')} />
        )}
      </Field>
      <fieldset class="bare">
        <legend class="muted small">Examples that the model knows well</legend>
        <div class="chips">
          {EXAMPLES.map((example) => (
            <button
              key={example}
              type="button"
              class="chip"
              aria-pressed={wanted.prompt === example}
              // A new prompt with the old one's seed would not count.
              onClick={() => change({ prompt: example, seed: '' })}
            >
              {example}
            </button>
          ))}
        </div>
      </fieldset>
      <div class="fields">
        <Field
          label="Seed"
          help={
            wanted.seed === '' ? (
              'Empty: the network draws it, and the video counts for its prover.'
            ) : (
              <>
                <strong class="verdict-fail">
                  With a seed of your own it counts for no prover.
                </strong>{' '}
                <button type="button" class="link" onClick={() => change({ seed: '' })}>
                  Empty it
                </button>
              </>
            )
          }
          error={error('seed')}
          wide
        >
          {(id) => (
            <span class="with-button">
              <input
                id={id}
                type="number"
                min="0"
                max={SEED_MAX}
                step="1"
                placeholder="drawn for you"
                {...text('seed')}
              />
              <button
                type="button"
                class="button"
                aria-label="Draw a seed here"
                title="Draw a seed here"
                onClick={() =>
                  change({ seed: String(crypto.getRandomValues(new Uint32Array(1))[0]) })
                }
              >
                <Icon name="dice" />
              </button>
            </span>
          )}
        </Field>
        <Field label="Size" error={error('size')}>
          {(id) => (
            <select id={id} {...text('size')}>
              <option value="">
                {standard === undefined ? 'standard' : shownSize(standard.size)}
              </option>
              {sizesOf(model, wanted.size).map((size) => (
                <option key={size} value={size}>
                  {shownSize(size)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <NumberField
          label="Steps"
          max={limits.steps}
          standard={standard?.steps}
          error={error('steps')}
          input={text('steps')}
        />
      </div>
      <details>
        <summary>Advanced</summary>
        <div class="fields">
          <Field label="Negative prompt" error={error('negativePrompt')} wide>
            {(id) => <input id={id} placeholder="What not to show" {...text('negativePrompt')} />}
          </Field>
          <NumberField
            label="Guidance"
            min={0}
            step="0.001"
            max={limits.guidance_scale}
            standard={standard?.guidance_scale}
            error={error('guidance')}
            input={text('guidance')}
          />
          <NumberField
            label="Frames"
            max={limits.num_frames}
            standard={standard?.num_frames}
            error={error('frames')}
            input={text('frames')}
          />
          <NumberField
            label="Frames per second"
            max={limits.fps}
            standard={standard?.fps}
            error={error('fps')}
            input={text('fps')}
          />
        </div>
      </details>
      <div class="row">
        <button type="submit" class="button primary" disabled={props.disabled}>
          <Icon name="play" />
          {props.running ? 'Being made …' : 'Make the video'}
        </button>
        <span class="muted small keys">Ctrl + Enter</span>
      </div>
      {props.had && (
        <Notice title="This is the video you already have" role="status">
          <p class="muted">The same request with the same seed: empty the seed for a new one.</p>
        </Notice>
      )}
    </form>
  )
}

function shownSize(size: string): string {
  return `${size.replace('x', ' × ')}`
}

function Field(props: {
  label: string
  help?: ComponentChildren
  error: string | null
  wide?: boolean
  children: (id: string) => ComponentChildren
}): JSX.Element {
  const id = useId()
  return (
    <div class={`field ${props.wide ? 'whole' : ''}`}>
      <label for={id}>{props.label}</label>
      {props.children(id)}
      {props.error !== null && <span class="wrong">{props.error}</span>}
      {props.help !== undefined && <span class="help">{props.help}</span>}
    </div>
  )
}

function NumberField(props: {
  label: string
  min?: number
  max: number | undefined
  step?: string
  standard: number | undefined
  error: string | null
  input: TextInput
}): JSX.Element {
  return (
    <Field label={props.label} error={props.error}>
      {(id) => (
        <input
          id={id}
          type="number"
          min={props.min ?? 1}
          max={props.max}
          step={props.step ?? '1'}
          placeholder={props.standard === undefined ? 'standard' : String(props.standard)}
          {...props.input}
        />
      )}
    </Field>
  )
}
