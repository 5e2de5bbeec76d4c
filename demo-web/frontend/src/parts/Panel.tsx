import Card from '@mui/material/Card'
import CardContent from '@mui/material/CardContent'
import Typography from '@mui/material/Typography'
import { useId, type ReactNode } from 'react'

export function Panel({ title, help, children }: { title: string; help?: string; children: ReactNode }) {
  const id = useId()
  return (
    <Card component="section" aria-labelledby={id} sx={{ minWidth: 0 }}>
      <CardContent sx={{ p: { xs: 2, sm: 3 } }}>
        <Typography variant="h2" id={id} sx={{ mb: help ? 0.5 : 2 }}>
          {title}
        </Typography>
        {help && (
          <Typography variant="body2" sx={{ color: 'text.secondary', mb: 2 }}>
            {help}
          </Typography>
        )}
        {children}
      </CardContent>
    </Card>
  )
}
