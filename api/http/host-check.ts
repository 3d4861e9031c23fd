import type { RequestHandler } from 'express'
import { namesLoopback } from '../../base/net/loopback.js'
import { ApiError } from './errors.js'
import { quoted } from './validate.js'

/**
 * Serves only who asks for this machine by a loopback name: a web page whose own name leads here must not
 * read what needs no key.
 */
export const refuseOtherHosts: RequestHandler = (req, _res, next) => {
  if (namesLoopback(req.headers.host)) {
    next()
    return
  }
  throw new ApiError(
    'misdirected',
    `The host ${quoted(req.headers.host ?? '')} is not served: this API serves its own machine only, as localhost or 127.0.0.1.`,
    {
      hint: 'A proxy in front of it must send Host: localhost.',
    },
  )
}
