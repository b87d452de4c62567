/* The builder of the Lazy Load system, as C sees it. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _LDServerLazyLoadBuilder *LDServerLazyLoadBuilder;
typedef struct _LDServerLazyLoadSourcePtr *LDServerLazyLoadSourcePtr;

LDServerLazyLoadBuilder LDServerLazyLoadBuilder_New(void);
void LDServerLazyLoadBuilder_Free(LDServerLazyLoadBuilder builder);
void LDServerLazyLoadBuilder_SourcePtr(LDServerLazyLoadBuilder builder, LDServerLazyLoadSourcePtr source);

#ifdef __cplusplus
}
#endif
