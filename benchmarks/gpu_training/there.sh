#!/bin/bash
# There: takes in one package, and with the last one trains. Run from the project's root, once for each package.
#
#     bash benchmarks/gpu_training/there.sh GPU/package-1 0 OUT       packages before the last: 0 seconds of training
#     bash benchmarks/gpu_training/there.sh GPU/package-3 330 OUT     the last one: stays until the training is done
#
# The last package's number is how many there are.
#
# Comes back early where no step was taken for two minutes: the log says why.
set -eu
package=$1 seconds=$2 out=$3
work=/tmp/gpu_training
number=${package##*-}
mkdir -p $work/prepared
if [ ! -d $work/code ]; then
  mkdir $work/code
  cp -r deeplab_cv benchmarks $work/code/
fi
mv "$package" $work/
export PYTHONPATH=$work/package-1/site:$work/code:$work/code/benchmarks/gpu_training
export OMP_NUM_THREADS=4 PYTHONUNBUFFERED=1
cd $work/code/benchmarks/gpu_training
setsid nohup python3 prepare.py $work/package-"$number" $work/prepared/"$number".pt > $work/prepare-"$number".log 2>&1 &
[ "$seconds" -gt 0 ] || exit 0
setsid nohup python3 train.py $work/prepared $work/package-1/start.pt "$out" --packages "$number" --forms full \
  --seconds "$seconds" > $work/train.log 2>&1 &
training=$!
begun=$SECONDS
while kill -0 $training 2> /dev/null; do
  sleep 1
  if [ $((SECONDS - begun)) -gt 120 ] && ! grep -q "step 100" $work/train.log; then
    break
  fi
done
cat $work/prepare-*.log $work/train.log
