import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import LinearProgress from '@mui/material/LinearProgress'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { useEffect } from 'react'
import { Navigate, useNavigate } from 'react-router'
import { api, given, type Plan, type Receipt } from '../api/client'
import { useAsk } from '../ask'
import { isTargetGiven, planOf, useDraft } from '../draft'
import * as format from '../format'
import { useLoad } from '../load'
import { Figure, Figures } from '../parts/Figures'
import { Page, Ways } from '../parts/Page'
import { Panel } from '../parts/Panel'
import { ProblemAlert } from '../parts/ProblemAlert'
import { StatusChip } from '../parts/StatusChip'
import { texts } from '../texts'

/** Findings of one kind, the most frequent first, each with an example and a way out. */
function Findings({ title, findings }: { title: string; findings: Receipt['findings'] }) {
  const navigate = useNavigate()
  const { draft, change } = useDraft()
  if (findings.length === 0) return null
  const retype = (name: string) => {
    change({
      columns: draft.columns!.map((column) => (column.name === name ? { ...column, newType: 'String' } : column)),
    })
    void navigate('/shape')
  }
  return (
    <Panel title={title}>
      {[...findings]
        .sort((a, b) => b.count - a.count)
        .map((finding) => (
          <Box key={finding.code + finding.column} sx={{ mt: 2 }}>
            <Stack direction="row" sx={{ gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
              <Typography sx={{ fontWeight: 600, overflowWrap: 'anywhere' }}>
                {texts.check.group(format.rows(finding.count), finding.column)}
              </Typography>
              {draft.columns!.some((column) => column.name === finding.column && column.newType !== 'String') && (
                <Button size="small" onClick={() => retype(finding.column)}>
                  {texts.check.retype(finding.column)}
                </Button>
              )}
            </Stack>
            {finding.examples[0] && <ProblemAlert problem={finding.examples[0]} alert={false} />}
          </Box>
        ))}
    </Panel>
  )
}

export default function Check() {
  const navigate = useNavigate()
  const { draft } = useDraft()
  const isReady = draft.source !== null && draft.columns !== null && isTargetGiven(draft)
  const start = useAsk((body: Plan) => given(api.POST('/api/loads', { body })))
  const { ask } = start
  const { load, problem } = useLoad(start.answer?.id)
  const described = isReady ? JSON.stringify({ ...planOf(draft), check: true }) : ''
  useEffect(() => {
    if (described) void ask(JSON.parse(described) as Plan)
  }, [described, ask])
  // Who goes on without waiting wants no answer any more.
  const id = start.answer?.id
  useEffect(() => {
    if (!id) return
    return () => void api.POST('/api/loads/{id}/cancel', { params: { path: { id } } }).catch(() => undefined)
  }, [id])
  if (!isReady) return <Navigate to="/choose" replace />
  const receipt = load?.receipt
  const failed = start.problem ?? problem ?? load?.error
  return (
    <Page
      step="check"
      title={texts.check.title}
      lead={texts.check.lead}
      aside={load && <StatusChip status={load.status} />}
    >
      <Stack sx={{ gap: 3 }}>
        {failed && <ProblemAlert problem={failed} again={() => void ask(JSON.parse(described) as Plan)} />}
        {!receipt && !failed && (
          <Box role="status">
            <Typography sx={{ mb: 1 }}>{texts.check.running}</Typography>
            <LinearProgress aria-label={texts.check.running} />
          </Box>
        )}
        {receipt && (
          <Panel title={texts.check.result}>
            <Stack sx={{ gap: 2 }}>
              <Figures>
                <Figure label={texts.run.read} value={format.rows(receipt.read)} strong />
                <Figure label={texts.check.would} value={format.rows(receipt.loaded)} strong />
                <Figure label={texts.check.reject} value={format.rows(receipt.rejected)} strong />
              </Figures>
              <Alert severity={receipt.rejected ? 'warning' : 'success'} variant="outlined" role="status">
                {receipt.rejected ? texts.check.ask : texts.check.clean}
              </Alert>
            </Stack>
          </Panel>
        )}
        {receipt && <Findings title={texts.check.rejects} findings={receipt.findings} />}
        {receipt && <Findings title={texts.check.leniencies} findings={receipt.leniencies} />}
      </Stack>
      <Ways back="/shape" onward={() => void navigate('/plan')} />
    </Page>
  )
}
