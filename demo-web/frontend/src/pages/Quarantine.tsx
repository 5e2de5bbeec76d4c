import Download from '@mui/icons-material/Download'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Card from '@mui/material/Card'
import LinearProgress from '@mui/material/LinearProgress'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useEffect, useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import { api, given, type Quarantine as Rows } from '../api/client'
import { useAsk } from '../ask'
import * as format from '../format'
import { Figure, Figures } from '../parts/Figures'
import { Raw } from '../parts/Code'
import { Page, Ways } from '../parts/Page'
import { Panel } from '../parts/Panel'
import { ProblemAlert } from '../parts/ProblemAlert'
import { texts } from '../texts'
import { mono } from '../theme'

type Row = Rows['rows'][number]

function RowForm({ row, text, change }: { row: Row; text: string; change: (text: string) => void }) {
  const { reject } = row
  const name = reject.place?.line ? texts.quarantine.row(reject.place.line) : texts.quarantine.rowUnknown
  return (
    <Card component="li" sx={{ p: 2 }}>
      <Typography sx={{ fontWeight: 600, overflowWrap: 'anywhere', '&::first-letter': { textTransform: 'uppercase' } }}>
        {reject.message}
      </Typography>
      <Typography variant="body2" sx={{ color: 'text.secondary', mb: 1.5, overflowWrap: 'anywhere' }}>
        {[reject.place?.column_name && texts.problem.column(reject.place.column_name), reject.code]
          .filter(Boolean)
          .join(' · ')}
      </Typography>
      <TextField
        multiline
        label={name}
        value={text.replace(/\r\n?/g, '\n')}
        color={text === row.text ? undefined : 'success'}
        focused={text === row.text ? undefined : true}
        helperText={text === row.text ? ' ' : texts.quarantine.changed}
        onChange={(event) => change(event.target.value)}
        slotProps={{ htmlInput: { spellCheck: false, style: { fontFamily: mono, fontSize: 13 } } }}
      />
    </Card>
  )
}

/** Rejected rows of a load: correct them here, then load them. */
export default function Quarantine() {
  const { id = '' } = useParams()
  const navigate = useNavigate()
  const params = { path: { id } }
  const { ask, answer, problem } = useAsk((id: string) =>
    given(api.GET('/api/loads/{id}/quarantine', { params: { path: { id } } })),
  )
  useEffect(() => void ask(id), [ask, id])
  const [edits, setEdits] = useState<Record<number, string>>({})
  const load = useAsk(async () => {
    await given(api.PUT('/api/loads/{id}/quarantine', { params, body: { rows: edits } }))
    return given(api.POST('/api/loads/{id}/replay', { params }))
  })
  const go = async () => {
    const again = await load.ask()
    if (again) void navigate(`/runs/${again.id}`)
  }
  const change = (row: Row, typed: string) => {
    const text = format.withLineEnds(typed, row.text, row.newline)
    setEdits(({ [row.number]: _, ...rest }) => (text === row.text ? rest : { ...rest, [row.number]: text }))
  }
  if (!answer) {
    return (
      <Page title={texts.quarantine.title}>
        {problem ? <ProblemAlert problem={problem} /> : <LinearProgress aria-label={texts.busy} />}
      </Page>
    )
  }
  const isEdited = Object.keys(edits).length > 0 || answer.rows.some((row) => row.edited)
  const why = answer.open === 0 ? ' ' : !answer.finished ? texts.quarantine.unfinished : answer.busy ? texts.quarantine.busy : isEdited ? undefined : texts.quarantine.nothingChanged
  return (
    <Page title={texts.run.title(answer.source, answer.target)} lead={texts.quarantine.lead}>
      <Stack sx={{ gap: 3 }}>
        <Panel title={texts.quarantine.title}>
          <Stack sx={{ gap: 2 }}>
            <Figures>
              <Figure label={texts.quarantine.open} value={format.rows(answer.open)} strong />
              <Figure label={texts.quarantine.loaded} value={format.rows(answer.loaded)} strong />
              {answer.unclear > 0 && (
                <Figure label={texts.quarantine.unclear} value={format.rows(answer.unclear)} strong />
              )}
            </Figures>
            {answer.open === 0 && (
              <Alert severity="success" variant="outlined" role="status">
                {texts.quarantine.nothing}
              </Alert>
            )}
            {answer.header && (
              <Box>
                <Typography variant="body2" sx={{ color: 'text.secondary', mb: 1 }}>
                  {texts.quarantine.header}
                </Typography>
                <Raw text={answer.header} label={texts.quarantine.header} />
              </Box>
            )}
            <Stack component="ol" sx={{ gap: 2, m: 0, p: 0, listStyle: 'none' }}>
              {answer.rows.map((row) => (
                <RowForm
                  key={row.number}
                  row={row}
                  text={edits[row.number] ?? row.text}
                  change={(text) => change(row, text)}
                />
              ))}
            </Stack>
            {answer.open > answer.rows.length && (
              <Typography>{texts.quarantine.more(format.rows(answer.open - answer.rows.length))}</Typography>
            )}
            <Box>
              <Button startIcon={<Download />} href={`/api/loads/${id}/quarantine/file`} download>
                {texts.quarantine.download}
              </Button>
            </Box>
          </Stack>
        </Panel>
        {load.problem && <ProblemAlert problem={load.problem} />}
      </Stack>
      <Ways
        back={`/runs/${id}`}
        onward={() => void go()}
        label={texts.quarantine.load}
        why={why}
        busy={load.busy}
      />
    </Page>
  )
}
