import Box from '@mui/material/Box'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import TableCell from '@mui/material/TableCell'
import TableContainer from '@mui/material/TableContainer'
import TableHead from '@mui/material/TableHead'
import TableRow from '@mui/material/TableRow'
import type { Column } from '../api/client'
import { visible } from '../format'
import { texts } from '../texts'

export function isNumber(type: string): boolean {
  return /^(Nullable\()?(LowCardinality\()?(U?Int|Float|BFloat|Decimal)/.test(type)
}

/** Rows as they are read: numbers to the right, NULL told from an empty text. */
export function DataTable({ columns, rows, label }: { columns: Column[]; rows: (string | null)[][]; label: string }) {
  return (
    <TableContainer tabIndex={0} role="group" aria-label={label} sx={{ maxHeight: 360 }}>
      <Table size="small" stickyHeader aria-label={label}>
        <TableHead>
          <TableRow>
            {columns.map((column) => (
              <TableCell key={column.name} scope="col" align={isNumber(column.type) ? 'right' : 'left'}>
                {column.name}
                <Box component="span" sx={{ display: 'block', fontWeight: 400, color: 'text.secondary', fontSize: 12 }}>
                  {column.type}
                </Box>
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row, index) => (
            <TableRow key={index} hover>
              {row.map((cell, at) => (
                <TableCell
                  key={at}
                  align={isNumber(columns[at].type) ? 'right' : 'left'}
                  sx={{ whiteSpace: 'pre', maxWidth: 320, overflow: 'hidden', textOverflow: 'ellipsis' }}
                >
                  {cell === null ? (
                    <Box component="span" sx={{ color: 'text.secondary', fontStyle: 'italic' }}>
                      {texts.shape.nullText}
                    </Box>
                  ) : (
                    visible(cell)
                  )}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  )
}
