#pragma once

#include "cni/paths.h"
#include "observed/cni.h"

namespace cni {

/// Looks at all of them, and never waits. Each part stands for itself: ENOENT where it is not there, another
/// error where it could not be looked at or makes no sense.
///
/// Configurations are the first 100 *.conf, *.conflist and *.json in bytewise order, hidden ones too: libcni
/// takes them. A file that no runtime can use has a `problem`, a predicate of its path; one that only we may
/// not read is an error of the whole, for then nobody knows the winner. Texts are their own
/// net::foreign_text(), and no more of a file's contents than names.
observed::CniFiles read_cni_files(const Paths& paths);

}  // namespace cni
