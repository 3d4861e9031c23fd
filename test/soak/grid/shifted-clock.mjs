// Loaded before a process of ours (NODE_OPTIONS=--import): its clock is as many milliseconds off as a file says by the name of
// the process, and jumps when the file changes. Timers go on as ever, as those of a machine do whose clock is set.
import { readFileSync } from 'node:fs'

const LOOK_MS = 100

const file = new URL(import.meta.url).searchParams.get('file')
const name = process.env.FRACTAL_NEURON_NAME ?? process.argv[2]
const RealDate = Date
let offMs = 0

function look() {
  try {
    offMs = JSON.parse(readFileSync(file, 'utf8'))[name] ?? 0
  } catch {
    // Being written.
  }
}

look()
setInterval(look, LOOK_MS).unref()

const now = () => RealDate.now() + offMs

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, property) => (property === 'now' ? now : Reflect.get(target, property)),
})
