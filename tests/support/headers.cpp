// SPDX-License-Identifier: Apache-2.0
// Nothing: the program of this file has the precompiled header that all tests share.
