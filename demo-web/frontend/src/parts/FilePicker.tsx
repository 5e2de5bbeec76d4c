import Description from '@mui/icons-material/Description'
import UploadFile from '@mui/icons-material/UploadFile'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Chip from '@mui/material/Chip'
import LinearProgress from '@mui/material/LinearProgress'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useEffect, useRef, useState } from 'react'
import { api, given, problemOf, type Problem, type SampleFile } from '../api/client'
import { sendFile } from '../api/upload'
import { useDraft, webName, withSource } from '../draft'
import * as format from '../format'
import { texts } from '../texts'
import { useAbout } from '../visit'
import { ProblemAlert } from './ProblemAlert'

type Sending = { file: File; sent: number; stop: AbortController }

function WebAddress() {
  const about = useAbout()
  const { draft, change } = useDraft()
  const chosen = draft.source?.kind === 'web' ? draft.source.url : ''
  const [url, setUrl] = useState(chosen)
  const [isWrong, setWrong] = useState(false)
  return (
    <Box
      component="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        const wanted = url.trim()
        const isAddress = /^https?:\/\/[^\s/]/.test(wanted)
        setWrong(!isAddress)
        if (isAddress) change(withSource({ kind: 'web', url: wanted }, webName(wanted), null))
      }}
      sx={{ display: 'flex', flexDirection: { xs: 'column', sm: 'row' }, gap: 1, alignItems: 'start' }}
    >
      <TextField
        fullWidth
        size="small"
        type="url"
        label={texts.choose.web}
        value={url}
        error={isWrong}
        helperText={isWrong ? texts.choose.webWrong : texts.choose.webHelp(about.servers.join(', '))}
        onChange={(event) => setUrl(event.target.value)}
      />
      <Button type="submit" variant="outlined" disabled={url.trim() === ''} sx={{ flexShrink: 0 }}>
        {texts.choose.webTake}
      </Button>
    </Box>
  )
}

/** A file by drop, by picker, out of the server's folder, or by its address. */
export function FilePicker() {
  const about = useAbout()
  const { draft, change } = useDraft()
  const input = useRef<HTMLInputElement>(null)
  const [samples, setSamples] = useState<SampleFile[]>([])
  const [sending, setSending] = useState<Sending>()
  const [problem, setProblem] = useState<Problem>()
  const [over, setOver] = useState(false)

  useEffect(() => {
    if (about.samples) given(api.GET('/api/samples')).then(setSamples, () => setSamples([]))
  }, [about.samples])

  async function take(file: File | undefined) {
    if (!file) return
    sending?.stop.abort()
    const stop = new AbortController()
    setProblem(undefined)
    setSending({ file, sent: 0, stop })
    change(withSource(null, '', null))
    try {
      const upload = await sendFile(file, (sent) => setSending({ file, sent, stop }), stop.signal)
      change(withSource({ kind: 'upload', upload: upload.id }, upload.name, upload.size))
    } catch (error) {
      if (!stop.signal.aborted) setProblem(problemOf(error))
    }
    setSending((now) => (now?.stop === stop ? undefined : now))
  }

  const chosen = draft.source !== null && !('connection' in draft.source)
  return (
    <Stack sx={{ gap: 2 }}>
      <Box
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          void take(event.dataTransfer.files[0])
        }}
        sx={{
          border: '1.5px dashed',
          borderColor: over ? 'primary.main' : 'text.secondary',
          bgcolor: over ? 'action.hover' : undefined,
          borderRadius: 2,
          p: 3,
          textAlign: 'center',
        }}
      >
        {chosen && !sending ? (
          <Stack sx={{ alignItems: 'center', gap: 1 }}>
            <Description color="primary" fontSize="large" />
            <Typography role="status" sx={{ fontWeight: 600, overflowWrap: 'anywhere' }}>
              {draft.sourceName}
              {draft.sourceSize !== null && ` · ${format.bytes(draft.sourceSize)}`}
            </Typography>
          </Stack>
        ) : sending ? (
          <Stack sx={{ gap: 1 }}>
            <Typography sx={{ overflowWrap: 'anywhere' }}>{texts.choose.uploading(sending.file.name)}</Typography>
            <LinearProgress
              variant="determinate"
              aria-label={texts.choose.uploading(sending.file.name)}
              value={sending.file.size ? (100 * sending.sent) / sending.file.size : 100}
            />
            <Typography variant="body2" sx={{ color: 'text.secondary' }}>
              {texts.run.bytes(format.bytes(sending.sent), format.bytes(sending.file.size))}
            </Typography>
          </Stack>
        ) : (
          <Typography sx={{ color: 'text.secondary' }}>{texts.choose.drop}</Typography>
        )}
        <Box sx={{ mt: 1.5 }}>
          {sending ? (
            <Button onClick={() => sending.stop.abort()}>{texts.choose.stopUpload}</Button>
          ) : (
            <Button
              variant={chosen ? 'text' : 'contained'}
              startIcon={<UploadFile />}
              onClick={() => input.current?.click()}
            >
              {chosen ? texts.choose.other : texts.choose.pick}
            </Button>
          )}
          <input
            ref={input}
            type="file"
            hidden
            aria-label={texts.choose.pick}
            onChange={(event) => {
              void take(event.target.files?.[0])
              event.target.value = ''
            }}
          />
        </Box>
        <Typography variant="caption" sx={{ display: 'block', mt: 1, color: 'text.secondary' }}>
          {texts.choose.limit(format.bytes(about.upload_limit))}
        </Typography>
      </Box>
      {problem && <ProblemAlert problem={problem} />}
      {samples.length > 0 && (
        <Box>
          <Typography variant="body2" sx={{ mb: 1, color: 'text.secondary' }}>
            {texts.choose.samples}
          </Typography>
          <Stack direction="row" sx={{ flexWrap: 'wrap', gap: 1 }}>
            {samples.map((sample) => (
              <Chip
                key={sample.name}
                variant={draft.sourceName === sample.name && chosen ? 'filled' : 'outlined'}
                label={`${sample.name} · ${format.bytes(sample.size)}`}
                onClick={() =>
                  change(withSource({ kind: 'sample', name: sample.name }, sample.name, sample.size))
                }
              />
            ))}
          </Stack>
        </Box>
      )}
      <WebAddress />
    </Stack>
  )
}
