import Block from '@mui/icons-material/Block'
import CheckCircle from '@mui/icons-material/CheckCircle'
import InfoOutlined from '@mui/icons-material/InfoOutlined'
import SyncAlt from '@mui/icons-material/SyncAlt'
import Box from '@mui/material/Box'
import Stack from '@mui/material/Stack'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import TableCell from '@mui/material/TableCell'
import TableContainer from '@mui/material/TableContainer'
import TableHead from '@mui/material/TableHead'
import TableRow from '@mui/material/TableRow'
import Typography from '@mui/material/Typography'
import type { ColumnDifference } from '../api/client'
import { texts } from '../texts'
import { mono } from '../theme'

const icons = {
  new: <CheckCircle fontSize="small" color="success" />,
  same: <CheckCircle fontSize="small" color="success" />,
  converted: <SyncAlt fontSize="small" color="warning" />,
  filled: <InfoOutlined fontSize="small" color="action" />,
  computed: <InfoOutlined fontSize="small" color="action" />,
  refused: <Block fontSize="small" color="error" />,
}

function Type({ text }: { text: string }) {
  return text ? (
    <Box component="span" sx={{ fontFamily: mono, fontSize: 13, whiteSpace: 'nowrap' }}>
      {text}
    </Box>
  ) : (
    <Box component="span" sx={{ color: 'text.secondary', fontStyle: 'italic' }}>
      {texts.plan.missing}
    </Box>
  )
}

/** What becomes of each column of the source in a table that is there, and of the table's other columns. */
export function DifferenceTable({ columns }: { columns: ColumnDifference[] }) {
  return (
    <TableContainer tabIndex={0} role="group" aria-label={texts.plan.difference} sx={{ maxHeight: 420 }}>
      <Table size="small" stickyHeader aria-label={texts.plan.difference}>
        <TableHead>
          <TableRow>
            <TableCell scope="col">{texts.plan.differenceColumn}</TableCell>
            <TableCell scope="col">{texts.plan.differenceSource}</TableCell>
            <TableCell scope="col">{texts.plan.differenceTable}</TableCell>
            <TableCell scope="col">{texts.plan.differenceFit}</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {columns.map((column) => (
            <TableRow key={column.name}>
              <TableCell component="th" scope="row">
                {column.name}
                {column.source_name && column.source_name !== column.name && (
                  <Typography variant="caption" component="div" sx={{ color: 'text.secondary' }}>
                    {column.source_name}
                  </Typography>
                )}
              </TableCell>
              <TableCell>
                <Type text={column.source_type} />
              </TableCell>
              <TableCell>
                <Type text={column.target_type} />
              </TableCell>
              <TableCell>
                <Stack direction="row" sx={{ gap: 1, alignItems: 'center' }}>
                  {icons[column.fit]}
                  <Box sx={{ minWidth: 100 }}>
                    {texts.plan.fits[column.fit]}
                    {column.default_expression && `: ${column.default_expression}`}
                  </Box>
                </Stack>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  )
}
