import assert from 'node:assert/strict'
import { advertisedAddress } from '../../prover/advertised-address.js'

describe('the address that a prover puts on the chain', () => {
  const advertised = (host: string, externalIp?: string, allowPrivate = false) =>
    advertisedAddress({ host, port: 8091, externalIp, externalPort: undefined }, allowPrivate)

  it('is the external one, else the one listened on', () => {
    assert.deepEqual(advertised('0.0.0.0', '8.8.8.8'), { ip: '8.8.8.8', port: 8091 })
    assert.deepEqual(advertised('8.8.8.8'), { ip: '8.8.8.8', port: 8091 })
    assert.deepEqual(advertised('::', '2606:4700::1111'), { ip: '2606:4700::1111', port: 8091 })
    const external = { host: '0.0.0.0', port: 8091, externalIp: '8.8.8.8', externalPort: 10030 }
    assert.deepEqual(advertisedAddress(external, false), { ip: '8.8.8.8', port: 10030 })
  })

  it('is never a place that nobody can reach', () => {
    for (const host of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0', 'localhost']) {
      for (const allowPrivate of [false, true]) {
        assert.throws(
          () => advertised(host, undefined, allowPrivate),
          { code: 'axon_address', message: /says where to listen/, hint: /--axon.external_ip/ },
          host,
        )
      }
    }
    for (const ip of [
      '0.0.0.0',
      '::',
      '203.0.113.7',
      '255.255.255.255',
      '224.0.0.1',
      '203.0.113',
    ]) {
      assert.throws(() => advertised('0.0.0.0', ip, true), { code: 'axon_address' }, ip)
    }
  })

  it('is a private one in development only', () => {
    for (const ip of ['127.0.0.1', '10.1.2.3', '192.168.1.2', '100.64.0.1', '::1', 'fd00::1']) {
      assert.throws(
        () => advertised('0.0.0.0', ip),
        { code: 'axon_address', message: /not a public address/, hint: /allow_private_addresses/ },
        ip,
      )
      assert.equal(advertised('0.0.0.0', ip, true).ip, ip)
    }
  })
})
