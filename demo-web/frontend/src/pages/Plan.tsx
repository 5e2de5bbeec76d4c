import Autocomplete from '@mui/material/Autocomplete'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import FormControl from '@mui/material/FormControl'
import FormControlLabel from '@mui/material/FormControlLabel'
import FormLabel from '@mui/material/FormLabel'
import Radio from '@mui/material/Radio'
import RadioGroup from '@mui/material/RadioGroup'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useEffect } from 'react'
import { Navigate, useNavigate } from 'react-router'
import { api, given, type Plan as PlanBody } from '../api/client'
import { useAsk } from '../ask'
import { canSetAside, isTargetGiven, planOf, useDraft, type Draft } from '../draft'
import { Code } from '../parts/Code'
import { DifferenceTable } from '../parts/DifferenceTable'
import { Page, Ways } from '../parts/Page'
import { Panel } from '../parts/Panel'
import { ProblemAlert } from '../parts/ProblemAlert'
import { texts } from '../texts'

const LOOK_AFTER = 150

export default function Plan() {
  const navigate = useNavigate()
  const { draft, change } = useDraft()
  const isReady = draft.source !== null && draft.columns !== null && isTargetGiven(draft)
  const proposal = useAsk((body: PlanBody) => given(api.POST('/api/plan', { body })))
  const start = useAsk((body: PlanBody) => given(api.POST('/api/loads', { body })))
  const { ask } = proposal
  const described = isReady ? JSON.stringify(planOf(draft)) : ''
  useEffect(() => {
    if (!described) return
    const timer = setTimeout(() => void ask(JSON.parse(described) as PlanBody), LOOK_AFTER)
    return () => clearTimeout(timer)
  }, [described, ask])
  if (!isReady) return <Navigate to="/choose" replace />

  const toTable = draft.toKind === 'clickhouse'
  const isThere = draft.known || (proposal.answer?.columns.length ?? 0) > 0
  const makesTable = toTable && !isThere
  const carried = draft.columns!.filter((column) => column.carry)
  const proposed = (draft.profile?.order_by ?? []).flatMap(
    (name) => carried.find((column) => column.name === name)?.newName ?? [],
  )
  async function go() {
    const load = await start.ask(planOf(draft))
    if (load) void navigate(`/runs/${load.id}`)
  }
  return (
    <Page step="plan" title={texts.plan.title} lead={texts.plan.lead}>
      <Box
        sx={{ display: 'grid', gap: 3, gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'repeat(2, minmax(0, 1fr))' } }}
      >
        <Panel title={texts.run.title(draft.sourceName, toTable ? `${draft.database}.${draft.table}` : draft.file.name)}>
          <Stack sx={{ gap: 3, mt: 2 }}>
            {makesTable && (
              <Autocomplete
                multiple
                options={carried.map((column) => column.newName)}
                value={draft.orderBy}
                onChange={(_, orderBy) => change({ orderBy })}
                renderInput={(given) => (
                  <TextField {...given} label={texts.plan.orderBy} helperText={texts.plan.orderByHelp} />
                )}
              />
            )}
            {makesTable && proposed.length > 0 && draft.orderBy.length === 0 && (
              <Stack direction="row" sx={{ columnGap: 1, alignItems: 'center', flexWrap: 'wrap', mt: -1.5 }}>
                <Typography variant="body2" sx={{ color: 'text.secondary', overflowWrap: 'anywhere' }}>
                  {texts.plan.orderByProposed(proposed.join(', '))}
                </Typography>
                <Button size="small" onClick={() => change({ orderBy: proposed })}>
                  {texts.plan.takeProposed}
                </Button>
              </Stack>
            )}
            <FormControl>
              <FormLabel id="on-reject">{texts.plan.rejects}</FormLabel>
              <RadioGroup
                aria-labelledby="on-reject"
                value={planOf(draft).on_reject}
                onChange={(_, value) => change({ onReject: value as Draft['onReject'] })}
              >
                <FormControlLabel value="fail" control={<Radio />} label={texts.plan.fail} />
                {canSetAside(draft) && <FormControlLabel value="quarantine" control={<Radio />} label={texts.plan.quarantine} />}
                <FormControlLabel value="divert" control={<Radio />} label={texts.plan.divert} />
                <FormControlLabel value="skip" control={<Radio />} label={texts.plan.skip} />
              </RadioGroup>
            </FormControl>
            {draft.onReject !== 'fail' && (
              <TextField
                type="number"
                label={`${texts.plan.budget} (${texts.optional})`}
                value={draft.maxRejects}
                slotProps={{ htmlInput: { min: 0 } }}
                onChange={(event) => change({ maxRejects: event.target.value })}
              />
            )}
            {!makesTable && (
              <Typography sx={{ color: 'text.secondary' }}>
                {toTable ? texts.plan.noDdl : texts.plan.fileTarget(draft.file.name)}
              </Typography>
            )}
          </Stack>
        </Panel>
        <Stack sx={{ gap: 3, minWidth: 0 }}>
          {proposal.problem && <ProblemAlert problem={proposal.problem} />}
          {proposal.answer?.problem && <ProblemAlert problem={proposal.answer.problem} />}
          {proposal.answer && proposal.answer.columns.length > 0 && (
            <Panel title={texts.plan.difference}>
              <DifferenceTable columns={proposal.answer.columns} />
            </Panel>
          )}
          {proposal.answer?.ddl && (
            <Panel title={texts.plan.ddl}>
              <Code text={proposal.answer.ddl} label={texts.plan.ddl} />
            </Panel>
          )}
          {proposal.answer && (
            <Panel title={texts.plan.command} help={texts.plan.commandHelp}>
              <Code text={proposal.answer.command} label={texts.plan.command} wrap />
            </Panel>
          )}
        </Stack>
      </Box>
      {start.problem && <ProblemAlert problem={start.problem} />}
      <Ways
        back="/check"
        onward={() => void go()}
        label={toTable ? texts.plan.start : texts.plan.startFile}
        why={proposal.answer?.problem ? texts.plan.refused : undefined}
        busy={start.busy}
      />
    </Page>
  )
}
