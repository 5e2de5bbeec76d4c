// Sheets of workbooks, which flatbed.excel reads, as sources.
#pragma once

#include "calls.hpp"

namespace flatbed::python {

// Adds the connector of an object with __flatbed_source__: rows as CSV, the types of some columns, its path, and of
// each record its row in the sheet, and the rows that are rejects.
void give_sheet(const py::object& sheet, Given& given);

}  // namespace flatbed::python
