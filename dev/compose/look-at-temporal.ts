import { z } from 'zod'
import { shapeFailed } from '../production/through-interval.js'

const payloads = z.object({
  payloads: z
    .array(z.looseObject({ metadata: z.looseObject({ encoding: z.string() }), data: z.string() }))
    .min(1),
})
const workflows = z.object({
  executions: z.array(
    z.object({
      execution: z.object({ workflowId: z.string() }),
      type: z.object({ name: z.string() }),
    }),
  ),
})
const history = z.object({
  history: z.object({
    events: z.tuple(
      [z.object({ workflowExecutionStartedEventAttributes: z.object({ input: payloads }) })],
      z.unknown(),
    ),
  }),
})

/**
 * Temporal's UI and the codec server as a browser asks them: workflows are listed, what is stored of them is encrypted,
 * and that page is given what it means. @throws FractalError `shape_failed`
 */
export async function lookAtTemporal(ui: string, codec: string): Promise<string> {
  const page = await (await answerOf(ui)).text()
  if (!/<html/i.test(page)) throw shapeFailed('Temporal’s UI has no page')
  const all = `${ui}/api/v1/namespaces/default/workflows`
  const { executions } = workflows.parse(await (await answerOf(all)).json())
  const types = [...new Set(executions.map(({ type }) => type.name))].sort()
  const video = executions.find(({ type }) => type.name === 'generateVideo')
  if (video === undefined) throw shapeFailed(`Temporal’s UI lists ${types.join(', ')} and no video`)
  const one = `${all}/${encodeURIComponent(video.execution.workflowId)}/history`
  const { events } = history.parse(await (await answerOf(one)).json()).history
  const { input } = events[0].workflowExecutionStartedEventAttributes
  const stored = encodingOf(input)
  if (stored !== 'binary/encrypted') throw shapeFailed(`Temporal stores an input as ${stored}`)
  const headers = { 'content-type': 'application/json', origin: ui }
  const asked = { method: 'POST', headers, body: JSON.stringify(input) }
  const decoded = await answerOf(`${codec}/decode`, asked)
  if (decoded.headers.get('access-control-allow-origin') !== ui) {
    throw shapeFailed('the codec server does not let Temporal’s UI read its answer')
  }
  const shown = encodingOf(payloads.parse(await decoded.json()))
  if (shown !== 'json/plain') throw shapeFailed(`the codec server makes ${shown} of an input`)
  return `Temporal’s UI lists ${types.join(', ')}; inputs are stored encrypted, and its codec server decodes them`
}

function encodingOf({ payloads: [first] }: z.infer<typeof payloads>): string {
  return Buffer.from(first!.metadata.encoding, 'base64').toString()
}

async function answerOf(url: string, init?: RequestInit): Promise<Response> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) })
  if (!answer.ok) throw shapeFailed(`${url}: status ${answer.status}`)
  return answer
}
