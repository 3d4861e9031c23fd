import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readWebhookUrl } from '../../../base/net/webhook-url.js'

function read(text: string, allowPrivate = false): string {
  const url = readWebhookUrl(text, allowPrivate)
  return 'refused' in url ? `refused: ${url.refused}` : url.href
}

/** Address → as it is stored. */
const TAKEN: [string, string][] = [
  ['https://example.com', 'https://example.com/'],
  ['https://example.com/hooks?token=a%20b&x=/..', 'https://example.com/hooks?token=a%20b&x=/..'],
  ['HTTPS://EXAMPLE.com:443/A', 'https://example.com/A'],
  ['https://example.com:8443/a', 'https://example.com:8443/a'],
  ['https://a_b.example.co.uk/', 'https://a_b.example.co.uk/'],
  ['https://bücher.example/ä', 'https://xn--bcher-kva.example/%C3%A4'],
  ['https://8.8.8.8/', 'https://8.8.8.8/'],
  ['https://[2606:4700::1111]:8443/', 'https://[2606:4700::1111]:8443/'],
]

const REFUSED = [
  '',
  'example.com',
  '//example.com/',
  'https:example.com',
  'https:/example.com',
  'https:///example.com',
  'ftp://example.com/',
  'file:///etc/passwd',
  'gopher://example.com/',
  'http://example.com/',
  'javascript:alert(1)',
  // Credentials, and what looks like a host but is none.
  'https://user@example.com/',
  'https://user:secret@example.com/',
  'https://:@example.com/',
  'https://@example.com/',
  'https://example.com@10.0.0.1/',
  'https://example.com\\@10.0.0.1/',
  'https://example.com#@10.0.0.1/',
  'https://example.com/#fragment',
  'https:\\\\example.com/',
  'https://exa\tmple.com/',
  'https://example.com/\r\nHost: 10.0.0.1',
  ' https://example.com/',
  'https://example.com/a b',
  'https://example.com/\u202e',
  'https://ex%61mple.com/',
  'https://127.0.0.1%2eexample.com/',
  // Ports
  'https://example.com:0/',
  'https://example.com:65536/',
  'https://example.com:http/',
  // Machines of one's own, in every spelling
  'https://localhost/',
  'https://LOCALHOST:8443/',
  'https://localhost./',
  'https://a.localhost/',
  'https://printer.local/',
  'https://metadata.google.internal/',
  'https://router.home.arpa/',
  'https://intranet/',
  'https://127.0.0.1/',
  'https://10.1.2.3/',
  'https://169.254.169.254/latest/meta-data/',
  'https://100.64.0.1/',
  'https://0.0.0.0/',
  'https://224.0.0.1/',
  'https://192.0.2.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://127.1/',
  'https://134744072/',
  'https://010.8.8.8/',
  'https://8.8.8.8./',
  'https://１２７.０.０.１/',
  'https://127。0。0。1/',
  'https://⑧.8.8.8/',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[fe80::1%25eth0]/',
  'https://[fc00::1]/',
  'https://[::1/',
  'https://[::ffff:a9fe:a9fe]/latest/meta-data/',
  'https://[0:0:0:0:0:ffff:127.0.0.1]/',
  'https://[::127.0.0.1]/',
  'https://[::ffff:0:127.0.0.1]/',
  'https://[64:ff9b::169.254.169.254]/',
  'https://[64:ff9b:1::7f00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001:0:a9fe:a9fe::]/',
  'https://[fd00:ec2::254]/',
  'https://[fe80::1%eth0]/',
  'https://[fe80::1]/',
  'https://[ff02::1]/',
  'https://[2001:db8::1]/',
  'https://[::1]:443:443/',
  'https://[127.0.0.1]/',
  'https://::1/',
  'https://0251.0376.0251.0376/',
  'https://0xA9FEA9FE/',
  'https://2852039166/',
  'https://169.254.43518/',
  'https://169.0xfe.0251.254/',
  'https://0/',
  'https://00/',
  'https://0x/',
  'https://127.0.0.1./',
  'https://127.0.0.1../',
  'https://127.0.0.1。/',
  'https://127．0．0．1/',
  'https://127｡0｡0｡1/',
  'https://①②⑦.0.0.1/',
  'https://１６９.２５４.１６９.２５４/',
  'https://ⓛocalhost/',
  'https://localhost。/',
  'https://loc\u00adalhost/',
  'https://100.100.100.200/',
  'https://192.0.0.192/',
  'https://foo.localhost./',
  'https://metadata。google。internal/',
  // Names that are none
  'https://example.com./',
  'https://example..com/',
  'https://.example.com/',
  'https://-a.example.com/',
  `https://${'a'.repeat(64)}.example.com/`,
  `https://${'a.'.repeat(127)}example.com/`,
  'https://exa*mple.com/',
  `https://example.com/${'a'.repeat(2048)}`,
  // Longer once it is spelled out.
  `https://example.com/${'ä'.repeat(1000)}`,
]

describe('a webhook’s address', () => {
  it('passes when public, in one spelling', () => {
    for (const [text, href] of TAKEN) assert.equal(read(text), href, text)
    const url = readWebhookUrl('https://[2606:4700::1111]:8443/a?b', false)
    assert.deepEqual(url, {
      secure: true,
      host: '2606:4700::1111',
      isName: false,
      port: 8443,
      target: '/a?b',
      authority: '[2606:4700::1111]:8443',
      href: 'https://[2606:4700::1111]:8443/a?b',
    })
  })

  it('is refused otherwise, without a word of it', () => {
    for (const text of REFUSED) {
      const said = read(text)
      assert.match(said, /^refused: must /, text)
      assert.ok(!said.includes('10.0.0.1') && !said.includes('secret'), said)
    }
  })

  it('may be of one’s own machine in development', () => {
    for (const text of [
      'http://localhost:3000/hook',
      'http://127.0.0.1:3000/',
      'https://receiver/',
    ]) {
      assert.equal(read(text, true), text)
    }
    for (const text of [
      'http://2130706433/',
      'http://0.0.0.0/',
      'http://u@localhost/',
      'ftp://a/',
    ]) {
      assert.match(read(text, true), /^refused/, text)
    }
  })

  it('is read or refused, whatever it is', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4Extended(), fc.ipV6(), fc.string())
    const text = fc.tuple(fc.constantFrom('https://', 'https://[', ''), host, fc.string())
    fc.assert(
      fc.property(text, (parts) => {
        const url = readWebhookUrl(parts.join(''), false)
        if ('refused' in url) return
        // What was taken reads the same once more: what is stored is what is called.
        assert.deepEqual(readWebhookUrl(url.href, false), url)
        assert.equal(new URL(url.href).username, '')
      }),
      { seed: 20261122 },
    )
  })
})
