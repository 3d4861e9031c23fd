import './docs.css'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { KeyInUse } from '../parts/key-form.js'
import { Loading, ProblemNotice } from '../parts/notice.js'
import { PageHead } from '../parts/section.js'
import { useTitle } from '../parts/title.js'
import { useApi } from '../use-api.js'
import { type Document, type Group, groupsOf } from './document.js'
import { OperationEntry } from './operation.js'
import { Prose } from './prose.js'

/** `/docs`: this server's own OpenAPI document, to read and to try. */
export function DocsPage(): JSX.Element {
  useTitle('API')
  const { data, problem, again } = useApi<Document>('/openapi.json')
  return (
    <div class="stack">
      <PageHead title="API" aside={<KeyInUse />}>
        {data?.info.description !== undefined && <Prose text={data.info.description} />}
        <p class="row small">
          <a href="/openapi.json" rel="noreferrer" target="_blank">
            openapi.json
          </a>
          {data !== null && <span class="muted">version {data.info.version}</span>}
        </p>
      </PageHead>
      {problem !== null && <ProblemNotice problem={problem} again={again} />}
      {data === null ? problem === null && <Loading lines={12} /> : <Groups document={data} />}
    </div>
  )
}

function Groups({ document }: { document: Document }): JSX.Element {
  const wanted = useHash()
  const groups = groupsOf(document)
  useEffect(() => {
    if (wanted !== '') window.document.getElementById(wanted)?.scrollIntoView()
  }, [wanted])
  return (
    <div class="reference">
      <Contents groups={groups} wanted={wanted} />
      <div class="stack">
        {groups.map(({ name, description, entries }) => (
          <section key={name} class="card" aria-labelledby={`group-${name}`}>
            <div class="card-head">
              <h2 id={`group-${name}`}>{name}</h2>
              <span class="muted small">{description}</span>
            </div>
            <div class="operations">
              {entries.map((entry) => (
                <OperationEntry
                  // The new key opens it when its address is followed, even if it was closed by hand.
                  key={`${entry.id} ${entry.id === wanted}`}
                  entry={entry}
                  document={document}
                  open={entry.id === wanted}
                />
              ))}
            </div>
          </section>
        ))}
      </div>
    </div>
  )
}

function Contents(props: { groups: readonly Group[]; wanted: string }): JSX.Element {
  return (
    <nav class="contents" aria-label="Operations">
      {props.groups.map(({ name, entries }) => (
        <div key={name}>
          <h2>{name}</h2>
          <ul>
            {entries.map(({ id, method, path, isWebhook, operation }) => (
              <li key={id}>
                <a
                  href={`#${id}`}
                  title={`${method} ${path}`}
                  aria-current={id === props.wanted ? 'true' : undefined}
                >
                  {isWebhook ? path : operation.summary}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}

/** The fragment of the address, after `#`. */
function useHash(): string {
  const read = (): string => decodeURIComponent(location.hash.slice(1))
  const [hash, setHash] = useState(read)
  useEffect(() => {
    const changed = (): void => setHash(read())
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return hash
}
