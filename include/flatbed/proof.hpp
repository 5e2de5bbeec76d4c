// Proof of a load: its rows are read from the source once more, and looked for in the target; or taken out of it again.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/ledger.hpp"
#include "flatbed/pipeline.hpp"
#include "flatbed/receipt.hpp"
#include "flatbed/registry.hpp"
#include "flatbed/sink.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// A block of which the target does not hold every row as it was loaded.
struct DifferingBlock {
  BlockRecord block{};        ///< with its bytes and records in the source
  uint64_t missing = 0;       ///< rows that are not there, or not as often as they were loaded
  uint64_t first_record = 0;  ///< of the source: the first one of these rows
  uint64_t last_record = 0;   ///< and the last
};

/// What was found in the target of a load.
struct Proof {
  std::string load{}, source{}, target{};  ///< as the receipt names them
  uint64_t blocks = 0, rows = 0;           ///< of the load: what was looked for
  uint64_t missing = 0;                    ///< rows that are not there as they were loaded
  uint64_t target_rows = 0;                ///< that the target holds, of this load and of others
  std::vector<DifferingBlock> differing{};
  double seconds = 0;
  bool holds() const noexcept { return missing == 0; }
};

/// What it takes to remove a load, or what was removed.
struct Undo {
  std::string load{}, source{}, target{};
  uint64_t rows = 0;   ///< of the load that are removed
  uint64_t equal = 0;  ///< rows that stay, equal to removed ones in every column: which of them go makes no difference
  bool removed = false;  ///< false: this is what would be done
  double seconds = 0;
};

/// Looks for rows in a target in place of writing them. THREADS: as a sink.
class Prover : public Sink {
 public:
  struct Missing {
    uint64_t block = 0, rows = 0, first_record = 0, last_record = 0;
  };
  struct Counts {
    uint64_t rows = 0, equal = 0;  ///< that are removed, and equal ones that stay
  };
  /// Names rows, by block and place in it from 0, that the target has refused: they are not looked for. REQUIRES:
  /// before open().
  virtual void leave_out(std::map<uint64_t, std::set<uint64_t>> rows) = 0;
  /// Returns the blocks with rows that the target does not hold as often as they were written here.
  /// REQUIRES: after finish().
  virtual Result<std::vector<Missing>> missing(std::stop_token stop) = 0;
  /// Tells what remove() would do, and changes nothing. ERRORS: kUsage. REQUIRES: missing() found none, or
  /// is_removing().
  virtual Result<Counts> removal(const std::string& load, std::stop_token stop) = 0;
  /// Tells whether a removal of this name was begun and interrupted. REQUIRES: after existing().
  virtual Result<bool> is_removing(const std::string& load, std::stop_token stop) = 0;
  /// Takes the rows that were written here out of the target, as often as they were written; `load` names the work,
  /// which goes on under that name when it was interrupted. REQUIRES: as removal().
  virtual Result<Counts> remove(const std::string& load, std::stop_token stop) = 0;
  /// Forgets a removal that is finished.
  virtual Status forget(const std::string& load, std::stop_token stop) = 0;
};

/// How a load is read again.
struct ProofRequest {
  std::string ledger{};  ///< undo() marks the load there as undone; needed where the load has a name
  std::string source{};  ///< where the file is now; empty: where it was
  std::map<std::string, std::string> source_options{}, target_options{};  ///< passwords and the like
  Observer observer{};
  std::stop_token stop{};
};

/// Reads a receipt: JSON that Flatbed wrote, the path of a file that holds it or, with a ledger, the name of a load
/// that it knows as finished. ERRORS: kUsage, kNotFound, kNoLoad, kLedgerFailed.
Result<Receipt> find_receipt(std::string_view receipt, const std::string& ledger);

/// Reads the source of a load again, and looks for every row in the target, as often as it was loaded. Rows of others
/// do not matter. The server compares rows by 128 bits of hash over the columns that were loaded.
/// ERRORS: kLoadDiffers when the source is not what was loaded; kUsage when the receipt does not tell how to read it.
/// COST: a parse of the source, 16 bytes a row on the server for as long as it takes, a pass over those columns of the
/// table.
Result<Proof> verify(const Receipt& receipt, const Registry& registry, const ProofRequest& request = {});

/// Takes the rows of a load out of its target, after verify() has found them all; where other rows equal them, as many
/// stay as there are beside the load's own. `dry` tells what would be done, and changes nothing. An undo that was
/// interrupted goes on when it is asked for again.
/// ERRORS: those of verify(); kUsage when the rows cannot be told from others, or the target cannot give them back.
Result<Undo> undo(const Receipt& receipt, const Registry& registry, bool dry, const ProofRequest& request = {});

/// Writes a proof as JSON, one object.
std::string to_json(const Proof& proof);
/// Writes an undo as JSON, one object.
std::string to_json(const Undo& undo);

}  // namespace flatbed
