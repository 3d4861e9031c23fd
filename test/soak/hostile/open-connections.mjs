// Opens as many connections as it is told and sends on each what it is told, in a process of its own: the server under test has
// its own limit of open files. Says how many stand, and how many have been closed by the server since.
import { connect } from 'node:net'

const [port, count, sent] = process.argv.slice(2)
const AT_ONCE = 200
let open = 0
let closed = 0
let failed = 0

function dial() {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    let stood = false
    socket.once('connect', () => {
      stood = true
      open++
      if (sent) socket.write(sent)
      resolve()
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      if (stood) closed++
      else failed++
      resolve()
    })
    socket.resume()
  })
}

for (let i = 0; i < Number(count); i += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(count) - i) }, dial))
}
process.send({ open, closed, failed, done: true })
setInterval(() => process.send({ open, closed, failed, done: false }), 100)
process.on('disconnect', () => process.exit())
