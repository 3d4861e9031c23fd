/*
 * Logarithm, sine and cosine in float32 by the polynomials of Cephes, in the operation order of
 * avx_mathfun.h, which torch uses for its normal numbers (AVX2 and above):
 *
 *   AVX implementation of sin, cos, sincos, exp and log
 *
 *   Based on "sse_mathfun.h", by Julien Pommier
 *   http://gruntthepeon.free.fr/ssemath/
 *
 *   Copyright (C) 2012 Giovanni Garberoglio
 *   Interdisciplinary Laboratory for Computational Science (LISC)
 *   Fondazione Bruno Kessler and University of Trento
 *   via Sommarive, 18
 *   I-38123 Trento (Italy)
 *
 *   This software is provided 'as-is', without any express or implied
 *   warranty.  In no event will the authors be held liable for any damages
 *   arising from the use of this software.
 *
 *   Permission is granted to anyone to use this software for any purpose,
 *   including commercial applications, and to alter it and redistribute it
 *   freely, subject to the following restrictions:
 *
 *   1. The origin of this software must not be misrepresented; you must not
 *      claim that you wrote the original software. If you use this software
 *      in a product, an acknowledgment in the product documentation would be
 *      appreciated but is not required.
 *   2. Altered source versions must be plainly marked as such, and must not be
 *      misrepresented as being the original software.
 *   3. This notice may not be removed or altered from any source distribution.
 *
 *   (this is the zlib license)
 *
 * ALTERED: rewritten in TypeScript, for one number at a time. Compilers contract a*b+c to a fused
 * multiply-add there; which ones, decides the last bit, so each is written out here.
 */

const f = Math.fround

/** Fused multiply-add: the product of two float32 is exact in a double. */
function fma(a: number, b: number, c: number): number {
  return f(a * b + c)
}

const word = new Uint32Array(1)
const float = new Float32Array(word.buffer)

const SQRT_HALF = f(Math.SQRT1_2)
const MIN_NORMAL = 2 ** -126
const LOG_P = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
  -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f)
const LOG_Q1 = f(-2.1219444e-4)
const LOG_Q2 = f(0.693359375)

/** Natural logarithm of a positive float32. */
export function log32(value: number): number {
  float[0] = Math.max(value, MIN_NORMAL)
  let e = (word[0]! >>> 23) - 0x7e
  word[0] = (word[0]! & 0x007fffff) | 0x3f000000
  let x = float[0]!
  if (x < SQRT_HALF) {
    e -= 1
    x = f(f(x - 1) + x)
  } else {
    x = f(x - 1)
  }
  const z = f(x * x)
  let y = LOG_P[0]!
  for (let i = 1; i < LOG_P.length; i++) y = fma(y, x, LOG_P[i]!)
  y = f(y * x)
  // Only here the addend is the rounded product: the other contraction differs in 1 of 5000 values.
  y = fma(y, z, f(e * LOG_Q1))
  y = fma(-z, 0.5, y)
  return fma(e, LOG_Q2, f(x + y))
}

const FOUR_BY_PI = f(1.27323954473516)
const DP1 = f(-0.78515625)
const DP2 = f(-0.00024187564849853516)
const DP3 = f(-3.774894977445941e-8)
const COS_P = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(f)
const SIN_P = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(f)

/** [sine, cosine] of a float32 in 0 … 2π. */
export function sinCos32(angle: number): [sin: number, cos: number] {
  const octant = (Math.trunc(f(angle * FOUR_BY_PI)) + 1) & ~1
  let x = fma(octant, DP1, angle)
  x = fma(octant, DP2, x)
  x = fma(octant, DP3, x)
  const z = f(x * x)
  let c = fma(COS_P[0]!, z, COS_P[1]!)
  c = f(fma(c, z, COS_P[2]!) * z)
  c = f(fma(c, z, -f(z * 0.5)) + 1)
  let s = fma(SIN_P[0]!, z, SIN_P[1]!)
  s = f(fma(s, z, SIN_P[2]!) * z)
  s = fma(s, x, x)
  const [sin, cos] = octant & 2 ? [c, s] : [s, c]
  return [octant & 4 ? -sin : sin, (octant - 2) & 4 ? cos : -cos]
}
