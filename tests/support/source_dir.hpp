// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the data files beside the tests are.

#include <filesystem>

namespace kith::test {

/// The project's top folder.
std::filesystem::path source_dir();
/// The folder of public data sets: KITH_REAL_DATA, else ../shared/data beside the project. May not be there.
std::filesystem::path data_dir();

}  // namespace kith::test
