import assert from 'node:assert/strict'
import { isLoopback, namesLoopback } from '../../../base/net/loopback.js'

describe('loopback names', () => {
  it('are those of this machine alone, with any port', () => {
    for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.10', '[::1]']) {
      assert.ok(namesLoopback(host) && namesLoopback(`${host}:7600`), host)
    }
    for (const host of [
      undefined,
      '',
      ':80',
      'rebound.example',
      'localhost.rebound.example',
      '127.0.0.1.rebound.example:7600',
      '127.1',
      '0.0.0.0',
      '192.168.0.1',
      '[::2]',
      'localhost:1:2',
      'a@localhost',
    ]) {
      assert.ok(!namesLoopback(host), String(host))
    }
    assert.ok(isLoopback('::1') && !isLoopback('0.0.0.0') && !isLoopback('::'))
  })
})
