// SPDX-License-Identifier: Apache-2.0
// The public header as C++20, with the same layout.
#include "layout.h"

#include <gtest/gtest.h>

TEST(Capi, HeaderSpeaksCpp) {
  EXPECT_STREQ(kith_code_name(KITH_OK), "ok");
  EXPECT_STREQ(kith_code_name(KITH_ERROR_NO_MEMORY), "no_memory");
  EXPECT_STREQ(kith_code_name(KITH_ERROR_INTERNAL), "internal");
  EXPECT_STREQ(kith_code_name(4711), "unknown");
  EXPECT_NE(kith_version()[0], '\0');
}
