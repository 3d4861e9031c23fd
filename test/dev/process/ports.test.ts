import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { FractalError } from '../../../base/errors.js'
import { assertFree, freePort } from '../../../dev/process/ports.js'

describe('ports', () => {
  it('says in one line which port is taken and what wants it', async () => {
    const server = createServer()
    const port = await freePort()
    await assertFree(port, 'the API')
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    try {
      await assert.rejects(assertFree(port, 'the API'), (error) => {
        assert.ok(error instanceof FractalError)
        assert.equal(error.code, 'port_taken')
        assert.equal(error.message, `Port ${port} is taken; the API wants it.`)
        assert.match(error.hint!, /another port/)
        return true
      })
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
    await assertFree(port, 'the API')
  })
})
