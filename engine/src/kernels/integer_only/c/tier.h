// SPDX-License-Identifier: Apache-2.0
// The table of the tier whose file includes this one.
#ifndef VITQ_TIER_H
#define VITQ_TIER_H

#include "kernels/integer_only/c/kernels.h"
#include "kernels/integer_only/c/run.h"

static const struct VitqKernels kVitqKernels = {
    vitq_parts,      vitq_room,          vitq_run,         vitq_row_at,
    vitq_patch,      vitq_finish_linear, vitq_find_values, vitq_code_key,
    vitq_code_value, vitq_code_query,    vitq_code_scores, vitq_put_attended};

#endif
