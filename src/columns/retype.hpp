// Columns under another type of the same values.
#pragma once

#include "flatbed/batch.hpp"

namespace flatbed {

/// Gives a column and its children the types of `type`. REQUIRES: the values of the one are values of the other.
inline void retype(Column& column, const Type& type) {
  for (size_t i = 0; i < column.children.size(); ++i) retype(column.children[i], (*type.children)[i].type);
  column.type = type;
}

}  // namespace flatbed
