/** The whole story, chapter by chapter, each from where the one before has left it. */
import { tellAssessment, tellDetermination } from './assessment.ts'
import { tellConsultation } from './consultation.ts'
import { tellEnd } from './end.ts'
import { tellEngagement } from './engagement.ts'
import { tellFindings } from './findings.ts'
import { tellLimits } from './limits.ts'
import { introduce } from './narration.ts'
import { tellNewVersion } from './new-version.ts'
import { tellAccess, tellChoice } from './partner.ts'
import { thinkUp } from './plot.ts'
import { tellRelease } from './release.ts'
import { tellReview } from './review.ts'
import { openStage, type StoryDeps } from './stage.ts'
import { tellWindow } from './window.ts'

/** Rejects with `StoryStopped` where a step does not come out as it is told. */
export async function tellWhole(deps: StoryDeps): Promise<void> {
  introduce(deps.print)
  const stage = await openStage(deps)
  const plot = await thinkUp(stage)
  const engagement = await tellEngagement(stage, plot)
  await tellAssessment(stage, plot)
  await tellConsultation(stage, plot)
  await tellDetermination(stage, plot)
  await tellWindow(stage, plot)
  await tellChoice(stage, plot)
  const access = await tellAccess(stage, plot)
  await tellLimits(stage, plot, access)
  await tellNewVersion(stage, plot, access)
  await tellFindings(stage, plot, access)
  await tellReview(stage, access)
  await tellRelease(stage, plot, access)
  await tellEnd(stage, engagement, access)
  const { steps, refused } = stage.counts()
  deps.print('')
  deps.print(`Told to its end: ${steps} steps, of which ${refused} were refused, as they should be.`)
}
