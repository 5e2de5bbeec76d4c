import { api, given, noAnswer, Refused, type Problem, type Upload } from './client'

const PART = 8 << 20
const TRIES = 8

/** Sends one part, with progress inside it. */
function sendPart(upload: Upload, part: Blob, told: (sent: number) => void, stop: AbortSignal): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PATCH', `/api/uploads/${upload.id}`)
    request.setRequestHeader('Upload-Offset', String(upload.offset))
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.responseType = 'json'
    request.upload.onprogress = (event) => told(upload.offset + event.loaded)
    request.onload = () => {
      if (request.status === 200) resolve(request.response as Upload)
      else reject(new Refused((request.response as { error?: Problem } | null)?.error ?? noAnswer))
    }
    request.onerror = () => reject(new TypeError('the connection broke'))
    stop.addEventListener('abort', () => request.abort(), { once: true })
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'))
    request.send(part)
  })
}

/** Uploads a file in parts; after a broken connection it goes on where the server says. */
export async function sendFile(file: File, told: (sent: number) => void, stop: AbortSignal): Promise<Upload> {
  let upload = await given(api.POST('/api/uploads', { body: { name: file.name, size: file.size } }))
  let failures = 0
  while (!upload.complete) {
    try {
      const part = file.slice(upload.offset, upload.offset + PART)
      upload = await sendPart(upload, part, told, stop)
      failures = 0
    } catch (error) {
      if (error instanceof Refused || stop.aborted || ++failures > TRIES) throw error
      await new Promise((wait) => setTimeout(wait, 250 * 2 ** failures))
      upload = await given(api.GET('/api/uploads/{id}', { params: { path: { id: upload.id } } })).catch(() => upload)
    }
  }
  return upload
}
