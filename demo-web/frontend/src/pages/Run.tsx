import Download from '@mui/icons-material/Download'
import Edit from '@mui/icons-material/Edit'
import PlayArrow from '@mui/icons-material/PlayArrow'
import Replay from '@mui/icons-material/Replay'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import LinearProgress from '@mui/material/LinearProgress'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import visuallyHidden from '@mui/utils/visuallyHidden'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import { api, given, type Load, type Receipt } from '../api/client'
import { draftOf, useDraft } from '../draft'
import * as format from '../format'
import { Figure, Figures } from '../parts/Figures'
import { Page } from '../parts/Page'
import { Panel } from '../parts/Panel'
import { ProblemAlert } from '../parts/ProblemAlert'
import { Proving } from '../parts/Proving'
import { StatusChip } from '../parts/StatusChip'
import { useResume } from '../resume'
import { texts } from '../texts'
import { useLoad } from '../load'
import { mono } from '../theme'

const RateChart = lazy(() => import('../parts/RateChart'))
const SPEAK_EVERY = 8000

/** Told to a screen reader now and then, not at every change. */
function Spoken({ load }: { load: Load }) {
  const [text, setText] = useState('')
  const { rows_read = 0, rows_acknowledged = 0 } = load.progress
  const said = `${texts.statuses[load.status]}. ${texts.run.spoken(format.rows(rows_read), format.rows(rows_acknowledged))}`
  const slot = Math.floor(Date.now() / SPEAK_EVERY)
  useEffect(() => {
    setText(said)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [load.status, slot])
  return (
    <Box role="status" sx={visuallyHidden}>
      {text}
    </Box>
  )
}

function ProgressPanel({ load, lost }: { load: Load; lost: boolean }) {
  const { rows_read = 0, rows_acknowledged = 0, rows_rejected = 0, bytes_read = 0, bytes_total, seconds = 0 } = load.progress
  const share = bytes_total ? Math.min(bytes_read / bytes_total, 1) : undefined
  const isOver = load.status === 'Completed' || load.status === 'Error'
  const [asked, setAsked] = useState<string>()
  const say = (what: 'pause' | 'continue' | 'cancel') => {
    setAsked(what)
    void given(api.POST(`/api/loads/{id}/${what}`, { params: { path: { id: load.id } } })).catch(() => setAsked(undefined))
  }
  return (
    <Panel title={texts.run.progress}>
      <Stack sx={{ gap: 2 }}>
        {!isOver && (
          <LinearProgress
            variant={share === undefined ? 'indeterminate' : 'determinate'}
            value={share === undefined ? undefined : share * 100}
            aria-label={texts.run.progress}
            aria-valuetext={texts.run.spoken(format.rows(rows_read), format.rows(rows_acknowledged))}
            sx={{ height: 8, borderRadius: 4 }}
          />
        )}
        <Figures>
          <Figure label={texts.run.read} value={format.rows(rows_read)} strong />
          <Figure label={texts.run.acknowledged} value={format.rows(rows_acknowledged)} strong />
          <Figure label={texts.run.rejected} value={format.rows(rows_rejected)} strong />
          <Figure label={texts.run.rate} value={format.rows(seconds ? rows_read / seconds : 0)} />
          <Figure label={texts.run.elapsed} value={format.clock(seconds)} />
          {!isOver && share ? (
            <Figure label={texts.run.left} value={format.clock(seconds / share - seconds)} />
          ) : (
            <Figure label={texts.shape.size} value={format.bytes(bytes_read)} />
          )}
        </Figures>
        {lost && !isOver && <Alert severity="warning">{texts.run.lost}</Alert>}
        {!isOver && (
          <Stack direction="row" sx={{ gap: 2 }}>
            <Button variant="outlined" onClick={() => say(load.paused ? 'continue' : 'pause')}>
              {load.paused ? texts.run.resume : texts.run.pause}
            </Button>
            <Button
              variant="outlined"
              color="error"
              disabled={load.cancelled || asked === 'cancel'}
              onClick={() => say('cancel')}
            >
              {load.cancelled ? texts.run.cancelling : texts.run.cancel}
            </Button>
          </Stack>
        )}
      </Stack>
    </Panel>
  )
}

function RatePanel({ load }: { load: Load }) {
  if (load.rates.length < 2) return null
  return (
    <Panel title={texts.run.rate} help={texts.run.rateChart}>
      <Suspense fallback={<Box sx={{ height: 200 }} />}>
        <RateChart rates={load.rates} />
      </Suspense>
    </Panel>
  )
}

function ReceiptPanel({ load, receipt }: { load: Load; receipt: Receipt }) {
  const navigate = useNavigate()
  const { target_rows_after: after, target_rows_before: before } = receipt
  const document_ = `data:application/json;charset=utf-8,${encodeURIComponent(JSON.stringify(receipt.document, null, 2))}`
  return (
    <Panel title={texts.run.receipt}>
      <Stack sx={{ gap: 2 }}>
        <Alert severity={receipt.balanced ? 'success' : 'error'} variant="outlined" role="status">
          {receipt.balanced ? texts.run.balanced : texts.run.unbalanced}
        </Alert>
        <Figures>
          <Figure label={texts.run.read} value={format.rows(receipt.read)} strong />
          <Figure label={texts.run.loaded} value={format.rows(receipt.loaded)} strong />
          <Figure label={texts.run.rejected} value={format.rows(receipt.rejected)} strong />
          <Figure label={texts.run.duplicate} value={format.rows(receipt.duplicate)} />
          <Figure label={texts.run.filtered} value={format.rows(receipt.filtered)} />
          <Figure label={texts.run.blocks} value={format.rows(receipt.blocks)} />
          <Figure label={texts.run.written} value={format.bytes(receipt.bytes_written)} />
        </Figures>
        {after != null && (
          <Typography>{texts.run.tableHolds(format.rows(after), format.rows(before ?? 0))}</Typography>
        )}
        <Stack direction="row" sx={{ gap: 2, flexWrap: 'wrap' }}>
          {load.quarantine && receipt.rejected > 0 && (
            <Button variant="contained" startIcon={<Edit />} onClick={() => void navigate(`/quarantine/${load.id}`)}>
              {texts.run.correct}
            </Button>
          )}
          {load.file && (
            <Button variant="contained" startIcon={<Download />} href={`/api/loads/${load.id}/file`} download>
              {texts.run.download}
            </Button>
          )}
          {load.rejects && receipt.rejected > 0 && (
            <Button variant="contained" startIcon={<Download />} href={`/api/loads/${load.id}/rejects`} download>
              {texts.run.downloadRejects}
            </Button>
          )}
          <Button variant="outlined" startIcon={<Download />} href={document_} download={`receipt-${load.id}.json`}>
            {texts.run.downloadReceipt}
          </Button>
        </Stack>
        <Proving load={load} />
      </Stack>
    </Panel>
  )
}

function RejectsPanel({ receipt }: { receipt: Receipt }) {
  const reasons = Object.entries(receipt.rejects_by_code).sort(([, a], [, b]) => b - a)
  if (reasons.length === 0) return null
  return (
    <Panel title={texts.run.rejectsTitle}>
      {reasons.map(([code, count]) => {
        const first = receipt.first_rejects.find((reject) => reject.code === code)
        return (
          <Box key={code} sx={{ mt: 1 }}>
            <Typography sx={{ fontWeight: 600 }}>
              {texts.run.rejectsMore(format.rows(count))} · <code>{code}</code>
            </Typography>
            {first && <ProblemAlert problem={first} alert={false} />}
          </Box>
        )
      })}
    </Panel>
  )
}

function LogPanel({ load }: { load: Load }) {
  const colors = { info: 'text.primary', warning: 'warning.main', error: 'error.main' }
  return (
    <Panel title={texts.run.log}>
      {load.log.length === 0 && <Typography sx={{ color: 'text.secondary' }}>{texts.run.noLog}</Typography>}
      {load.log.length > 0 && (
        <Box
          role="log"
          tabIndex={0}
          aria-label={texts.run.log}
          sx={{ maxHeight: 240, overflow: 'auto', fontFamily: mono, fontSize: 13, overflowWrap: 'anywhere' }}
        >
          {load.log.map((line, index) => (
            <Box key={index} sx={{ color: colors[line.level], py: 0.25 }}>
              {format.clock(line.seconds)} {line.level === 'info' ? '' : `${line.level}: `}
              {line.text}
            </Box>
          ))}
        </Box>
      )}
    </Panel>
  )
}

export default function Run() {
  const { id = '' } = useParams()
  const { load, problem, lost } = useLoad(id)
  const navigate = useNavigate()
  const { restart } = useDraft()
  const going = useResume()
  if (problem) {
    return (
      <Page title={texts.steps.run}>
        <ProblemAlert problem={problem} />
        <Button onClick={() => void navigate('/')}>{texts.home}</Button>
      </Page>
    )
  }
  if (!load) return <LinearProgress aria-label={texts.busy} />
  const isOver = load.status === 'Completed' || load.status === 'Error'
  const repeat = () => {
    restart(draftOf(load.plan, load.source))
    void navigate('/shape')
  }
  return (
    <Page
      step="run"
      title={texts.run.title(load.source, load.target)}
      aside={<StatusChip status={load.status} paused={load.paused} />}
    >
      <Spoken load={load} />
      <Stack sx={{ gap: 3, mt: 2 }}>
        {load.error && <ProblemAlert problem={load.error} />}
        {load.receipt && <ReceiptPanel load={load} receipt={load.receipt} />}
        {load.receipt && <RejectsPanel receipt={load.receipt} />}
        {!load.receipt && <ProgressPanel load={load} lost={lost} />}
        <RatePanel load={load} />
        <LogPanel load={load} />
        {isOver && (
          <Stack direction="row" sx={{ gap: 2, flexWrap: 'wrap', alignItems: 'center' }}>
            {load.resumable && (
              <Button
                variant="contained"
                startIcon={<PlayArrow />}
                disabled={going.busy}
                onClick={() => void going.resume(load.id)}
              >
                {texts.run.goOn}
              </Button>
            )}
            {!load.replay_of && (
              <Button variant="outlined" startIcon={<Replay />} onClick={repeat}>
                {load.status === 'Error' ? texts.run.fix : texts.run.repeat}
              </Button>
            )}
            <Button onClick={() => void navigate('/')}>{texts.home}</Button>
            {load.resumable && (
              <Typography variant="body2" sx={{ color: 'text.secondary' }}>
                {texts.run.goOnHelp}
              </Typography>
            )}
          </Stack>
        )}
        {going.problem && <ProblemAlert problem={going.problem} />}
      </Stack>
    </Page>
  )
}
