import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import LinearProgress from '@mui/material/LinearProgress'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { useEffect } from 'react'
import { Navigate, useNavigate } from 'react-router'
import { api, given, type Dialect, type Source } from '../api/client'
import { useAsk } from '../ask'
import { choicesOf, hasDialect, isTargetGiven, isWorkbook, useDraft } from '../draft'
import { ColumnForm } from '../parts/ColumnForm'
import { Raw } from '../parts/Code'
import { DataTable } from '../parts/DataTable'
import { DialectForm } from '../parts/DialectForm'
import { Page, Ways } from '../parts/Page'
import { Panel } from '../parts/Panel'
import { SheetForm } from '../parts/SheetForm'
import { ProblemAlert } from '../parts/ProblemAlert'
import { TablePicker } from '../parts/TablePicker'
import { texts } from '../texts'

const LOOK_AFTER = 60
/** Bytes of a file that is read to its end unasked. */
const SMALL = 50e6

export default function Shape() {
  const navigate = useNavigate()
  const { draft, change } = useDraft()
  const { source, dialect, columns } = draft
  const fromFile = draft.fromKind === 'file'
  const isDelimited = hasDialect(draft.sourceName)
  const preview = useAsk(async (source: Source, dialect: Dialect) => ({
    of: JSON.stringify(source),
    ...(await given(api.POST('/api/preview', { body: { source, dialect, rows: 20 } }))),
  }))
  const sniff = useAsk((source: Source, dialect: Dialect) =>
    given(api.POST('/api/sniff', { body: { source, dialect } })),
  )
  const load = useAsk((source: Source, dialect: Dialect) =>
    given(api.POST('/api/columns', { body: { source, dialect } })),
  )
  const look = useAsk((source: Source, dialect: Dialect) =>
    given(api.POST('/api/profile', { body: { source, dialect } })),
  )
  const askPreview = preview.ask
  const askSniff = sniff.ask

  // Each change of the dialect redraws the preview of a file, and what was detected follows: together both take longer.
  const described = JSON.stringify([source, dialect])
  useEffect(() => {
    if (!fromFile) return
    const [source, dialect] = JSON.parse(described) as [Source | null, Dialect]
    if (!source) return
    void askPreview(source, dialect)
    if (!isDelimited) return
    const timer = setTimeout(() => void askSniff(source, dialect), LOOK_AFTER)
    return () => clearTimeout(timer)
  }, [described, fromFile, isDelimited, askPreview, askSniff])

  // What is cheap, or was asked for before, is not asked for: the columns of a small file, a table, a join, a repeated load.
  const unasked =
    source?.kind === 'table' ||
    (source?.kind === 'query' && draft.read === 'join') || draft.wanted !== null || (draft.sourceSize !== null && draft.sourceSize <= SMALL)
  const isMissing = columns === null
  useEffect(() => {
    if (!unasked || !isMissing) return
    const timer = setTimeout(() => void loadColumns(), LOOK_AFTER)
    return () => clearTimeout(timer)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [described, unasked, isMissing])

  const shown = preview.answer?.of === JSON.stringify(source) ? preview.answer : undefined
  if (!isTargetGiven(draft) || (fromFile && !source)) return <Navigate to="/choose" replace />

  async function loadColumns() {
    if (!source) return
    if (!fromFile) void preview.ask(source, dialect)
    const found = await load.ask(source, dialect)
    if (!found) return
    change({ columns: choicesOf(found.columns, columns, draft.wanted) })
    if (fromFile && unasked) void lookAtValues()
  }
  async function lookAtValues() {
    const profile = source && (await look.ask(source, dialect))
    if (profile) change({ profile })
  }
  const why = !columns
    ? texts.shape.needColumns
    : columns.some((column) => column.carry)
      ? undefined
      : texts.shape.needOne
  return (
    <Page
      step="shape"
      title={fromFile ? draft.sourceName : texts.shape.title}
      lead={fromFile ? texts.shape.leadFile : texts.shape.leadTable}
    >
      <Stack sx={{ gap: 3 }}>
        {!fromFile ? (
          <Panel title={texts.shape.tables}>
            <TablePicker />
          </Panel>
        ) : isDelimited ? (
          <Panel title={texts.shape.dialect}>
            <DialectForm
              dialect={dialect}
              found={sniff.answer}
              change={(dialect) => change({ dialect, columns: null, profile: null })}
            />
          </Panel>
        ) : isWorkbook(draft.sourceName) ? (
          <Panel title={texts.shape.workbook}>
            <SheetForm
              dialect={dialect}
              sheets={shown?.sheets ?? []}
              change={(dialect) => change({ dialect, columns: null, profile: null })}
            />
          </Panel>
        ) : null}
        <Stack direction="row" sx={{ gap: 2, flexWrap: 'wrap' }}>
          <Button variant="contained" disabled={!source || load.busy} onClick={() => void loadColumns()}>
            {texts.shape.loadColumns}
          </Button>
          <Button
            variant="outlined"
            disabled={!source || preview.busy}
            onClick={() => void preview.ask(source!, dialect)}
          >
            {texts.shape.preview}
          </Button>
        </Stack>
        {preview.problem && !load.problem && <ProblemAlert problem={preview.problem} />}
        {shown && !preview.problem && (
          <Box
            sx={{
              display: 'grid',
              gap: 3,
              gridTemplateColumns: {
                xs: 'minmax(0, 1fr)',
                md: fromFile ? 'minmax(0, 2fr) minmax(0, 3fr)' : 'minmax(0, 1fr)',
              },
            }}
          >
            {fromFile && (
              <Panel title={texts.shape.raw}>
                {shown.raw != null ? (
                  <Raw text={shown.raw.replaceAll('\t', '⇥\t')} label={texts.shape.raw} />
                ) : (
                  <Typography sx={{ color: 'text.secondary' }}>{texts.shape.packed}</Typography>
                )}
              </Panel>
            )}
            <Panel title={fromFile ? texts.shape.parsed : texts.shape.preview}>
              <DataTable columns={shown.columns} rows={shown.rows} label={texts.shape.parsed} />
            </Panel>
          </Box>
        )}
        {(load.busy || look.busy) && <LinearProgress aria-label={texts.shape.fetching} />}
        {load.problem && <ProblemAlert problem={load.problem} />}
        {look.problem && <ProblemAlert problem={look.problem} />}
        {columns && (
          <Panel title={texts.shape.columns} help={fromFile ? texts.shape.columnsHelp : undefined}>
            <ColumnForm
              columns={columns}
              preview={shown}
              profile={draft.profile}
              change={(columns) => change({ columns })}
            />
            {!draft.profile && (
              <Button sx={{ mt: 2 }} disabled={look.busy} onClick={() => void lookAtValues()}>
                {texts.shape.profile}
              </Button>
            )}
          </Panel>
        )}
      </Stack>
      <Ways back="/choose" onward={() => void navigate('/check')} why={why} />
    </Page>
  )
}
