import { flag, option, port, text, whole } from '../define-option.js'

/** Where a prover is reached. */
export const AXON = {
  'axon.host': option(text, '127.0.0.1', 'address to listen on'),
  'axon.port': option(port, 8091, 'port to listen on'),
  'axon.external_ip': option(text, undefined, 'address put on the chain (default: axon.host)'),
  'axon.external_port': option(port, undefined, 'port put on the chain (default: axon.port)'),
}

/** Who may ask it, and how much. */
export const PROVER = {
  'blacklist.force_verifier_permit': option(flag, false, 'answer only callers with a permit'),
  'blacklist.allow_non_registered': option(
    flag,
    false,
    'answer callers unknown to the chain: dangerous',
  ),
  'prover.capacity': option(
    whole(1, 1024),
    2,
    'requests that a caller with a permit may have here at once (running and waiting); more get 429',
  ),
}
