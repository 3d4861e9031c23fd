// In its own thread: encoding blocks it, and loading the encoder's module installs handlers for uncaught
// errors, which must not catch anybody else's. Plain JavaScript, so that it starts without a compiler.
import { parentPort } from 'node:worker_threads'
import encoders from 'h264-mp4-encoder'

parentPort.on('message', async ({ width, height, fps, quantizer, frames }) => {
  const encoder = await encoders.createH264MP4Encoder()
  encoder.width = width
  encoder.height = height
  encoder.frameRate = fps
  encoder.quantizationParameter = quantizer
  // The library writes no table of key frames, so that players take every frame for one: then each must be.
  encoder.groupOfPictures = 1
  encoder.initialize()
  for (const rgb of frames) encoder.addFrameYuv(toYuv(rgb, width, height))
  encoder.finalize()
  const bytes = encoder.FS.readFile(encoder.outputFilename)
  encoder.FS.unlink(encoder.outputFilename)
  encoder.delete()
  parentPort.postMessage(bytes)
})

/**
 * BT.601, limited range, 4:2:0 with the chroma of four pixels averaged: what players assume of a small
 * picture that does not say. (The encoder's own conversion darkens by 2 levels.)
 */
function toYuv(rgb, width, height) {
  const pixels = width * height
  const yuv = new Uint8Array((pixels * 3) / 2)
  const [u, v] = [yuv.subarray(pixels, (pixels * 5) / 4), yuv.subarray((pixels * 5) / 4)]
  const chroma = new Float64Array(pixels / 2)
  for (let i = 0; i < pixels; i++) {
    const [r, g, b] = [rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]]
    yuv[i] = Math.round(16 + 0.256788 * r + 0.504129 * g + 0.097906 * b)
    const at = ((i / width) >> 1) * (width / 2) + ((i % width) >> 1)
    chroma[at] += -0.148223 * r - 0.290993 * g + 0.439216 * b
    chroma[pixels / 4 + at] += 0.439216 * r - 0.367788 * g - 0.071427 * b
  }
  for (let i = 0; i < pixels / 4; i++) {
    u[i] = Math.round(128 + chroma[i] / 4)
    v[i] = Math.round(128 + chroma[pixels / 4 + i] / 4)
  }
  return yuv
}
